package io.arbalest.store.filter;

import io.arbalest.store.rows.NumberKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A set of numbers, by their {@link NumberKeys}: ranges with both ends in them, in order, apart
 * from each other. Immutable.
 */
final class NumberRanges {
  private static final NumberRanges EMPTY = new NumberRanges(new long[0], new long[0]);

  private final long[] lows;
  private final long[] highs;

  private NumberRanges(long[] lows, long[] highs) {
    this.lows = lows;
    this.highs = highs;
  }

  static NumberRanges empty() {
    return EMPTY;
  }

  /** From one key to another; empty if they are the wrong way round. */
  static NumberRanges between(long low, long high) {
    return low > high ? EMPTY : new NumberRanges(new long[] {low}, new long[] {high});
  }

  /** The keys that are in one of the sets. */
  static NumberRanges union(List<NumberRanges> sets) {
    List<long[]> all = new ArrayList<>();
    for (NumberRanges set : sets) {
      for (int i = 0; i < set.size(); i++) {
        all.add(new long[] {set.lows[i], set.highs[i]});
      }
    }
    all.sort((a, b) -> Long.compare(a[0], b[0]));
    long[] lows = new long[all.size()];
    long[] highs = new long[all.size()];
    int size = 0;
    for (long[] range : all) {
      if (size > 0 && range[0] <= highs[size - 1]) {
        highs[size - 1] = Math.max(highs[size - 1], range[1]);
      } else {
        lows[size] = range[0];
        highs[size++] = range[1];
      }
    }
    return new NumberRanges(Arrays.copyOf(lows, size), Arrays.copyOf(highs, size));
  }

  /** The keys up to {@code max} that are not in this set. */
  NumberRanges complement(long max) {
    List<NumberRanges> gaps = new ArrayList<>();
    long next = Long.MIN_VALUE;
    for (int i = 0; i < size(); i++) {
      if (lows[i] > next) {
        gaps.add(between(next, Math.min(max, lows[i] - 1)));
      }
      if (highs[i] >= max) {
        return union(gaps);
      }
      next = highs[i] + 1;
    }
    gaps.add(between(next, max));
    return union(gaps);
  }

  /** The keys that are in both sets. */
  NumberRanges intersect(NumberRanges other) {
    return union(List.of(complement(Long.MAX_VALUE), other.complement(Long.MAX_VALUE)))
        .complement(Long.MAX_VALUE);
  }

  int size() {
    return lows.length;
  }

  long low(int range) {
    return lows[range];
  }

  long high(int range) {
    return highs[range];
  }

  boolean contains(long key) {
    if (lows.length == 1) {
      return key >= lows[0] && key <= highs[0];
    }
    int at = Arrays.binarySearch(lows, key);
    int range = at >= 0 ? at : -at - 2; // the last that begins at or before the key
    return range >= 0 && key <= highs[range];
  }
}
