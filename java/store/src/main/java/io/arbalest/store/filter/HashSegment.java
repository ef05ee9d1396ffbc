package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import it.unimi.dsi.fastutil.HashCommon;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;

/**
 * From the hash of a text, or of each of a list's texts, to its rows: 6 bytes an entry, ordered by
 * hash. What a hash finds is held against the column. Tests that do not name the values read the
 * column.
 */
final class HashSegment extends ColumnSegment {
  private static final int ENTRY_BYTES = Integer.BYTES + Character.BYTES;
  private static final int ROW_BITS = 16;

  private final int[] hashes;
  private final char[] rows;
  private final RoaringBitmap nulls;

  HashSegment(ColumnReader column, int first, int count) {
    super(column, first, count);
    LongArrayList entries = new LongArrayList(count);
    for (int row = 0; row < count; row++) {
      long at = row;
      if (!column.isPresent(first + row)) {
        continue;
      }
      if (column instanceof ColumnReader.Texts texts) {
        entries.add(entry(texts.text(first + row), at));
      } else {
        ((ColumnReader.TextLists) column)
            .forEach(first + row, text -> entries.add(entry(text, at)));
      }
    }
    long[] sorted = entries.toLongArray();
    Arrays.sort(sorted);
    hashes = new int[sorted.length];
    rows = new char[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      hashes[i] = (int) (sorted[i] >> ROW_BITS);
      rows[i] = (char) sorted[i];
    }
    nulls = nulls(column, first, count);
  }

  /** Sorts by hash, as a signed int, then by row. */
  private static long entry(String text, long row) {
    return (long) hash(text) << ROW_BITS | row;
  }

  private static int hash(String text) {
    return HashCommon.murmurHash3(text.hashCode());
  }

  @Override
  RoaringBitmap select(ColumnTest test, RoaringBitmap within) {
    if (test instanceof ColumnTest.IsNull) {
      return nulls;
    }
    if (!(test instanceof ColumnTest.TextIn in)) {
      return scan(test, within);
    }
    RoaringBitmap found = new RoaringBitmap();
    for (String value : in.values()) {
      int hash = hash(value);
      for (int i = firstOf(hash); i < hashes.length && hashes[i] == hash; i++) {
        if (passes(test, rows[i])) {
          found.add(rows[i]);
        }
      }
    }
    return found;
  }

  private int firstOf(int hash) {
    int low = 0;
    int high = hashes.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (hashes[middle] < hash) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  IndexKind kind() {
    return IndexKind.EXACT;
  }

  @Override
  long bytes() {
    return (long) hashes.length * ENTRY_BYTES + bytes(nulls);
  }
}
