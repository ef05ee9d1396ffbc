package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import it.unimi.dsi.fastutil.longs.LongArrays;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.RoaringBitmap;

/**
 * The rows of a column of numbers in the order of their keys. A range is a piece of it, whose ends
 * two binary searches find by the column itself, so that a row takes two bytes and a range about a
 * nanosecond for each row in it. RoaringBitmap's RangeBitmap, bit slices of as many bytes, was here
 * before: it works on all rows for any range, which took many times as long as the search itself.
 */
final class RangeSegment extends ColumnSegment {
  private final ColumnReader.Numbers numbers;
  private final int first;
  private final char[] order; // rows that have a value; those of a segment fit two bytes
  private final RoaringBitmap present;
  private final RoaringBitmap nulls;

  RangeSegment(ColumnReader.Numbers column, int first, int count) {
    super(column, first, count);
    this.numbers = column;
    this.first = first;
    nulls = nulls(column, first, count);
    present = packed(RoaringBitmap.flip(nulls, 0L, count));
    int[] rows = present.toArray();
    long[] keys = new long[rows.length];
    int[] places = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      keys[i] = column.key(first + rows[i]);
      places[i] = i;
    }
    LongArrays.radixSortIndirect(places, keys, true);
    order = new char[rows.length];
    for (int i = 0; i < rows.length; i++) {
      order[i] = (char) rows[places[i]];
    }
  }

  @Override
  RoaringBitmap select(ColumnTest test, RoaringBitmap within) {
    if (test instanceof ColumnTest.IsNull) {
      return nulls;
    }
    NumberRanges ranges = ((ColumnTest.NumberIn) test).ranges();
    long[] words = new long[(count() + Long.SIZE - 1) / Long.SIZE];
    for (int i = 0; i < ranges.size(); i++) {
      int from = below(ranges.low(i));
      int to = ranges.high(i) == Long.MAX_VALUE ? order.length : below(ranges.high(i) + 1);
      if (from == 0 && to == order.length) {
        return present;
      }
      for (int at = from; at < to; at++) {
        words[order[at] >>> 6] |= 1L << order[at];
      }
    }
    return BitSetUtil.bitmapOf(words);
  }

  /** How many rows have lower keys. */
  private int below(long key) {
    int low = 0;
    int high = order.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (numbers.key(first + order[middle]) < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  IndexKind kind() {
    return IndexKind.RANGE;
  }

  @Override
  long bytes() {
    return bytes(nulls) + bytes(present) + (long) order.length * Character.BYTES;
  }
}
