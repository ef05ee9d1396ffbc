package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * The index of one column over one segment of rows, at most 65,536 of them. Rows are counted from
 * the segment's first. Immutable: any thread may ask. Bitmaps that it gives may be its own, and are
 * only to be read.
 */
abstract sealed class ColumnSegment permits HashSegment, RangeSegment, ScanSegment, ValueSegment {
  private static final int OBJECT_BYTES = 64;

  private final ColumnReader column;
  private final int first;
  private final int count;

  ColumnSegment(ColumnReader column, int first, int count) {
    this.column = column;
    this.first = first;
    this.count = count;
  }

  /**
   * The rows that pass a test.
   *
   * @param within the rows that matter, null for all; others may be in the answer or not
   */
  abstract RoaringBitmap select(ColumnTest test, RoaringBitmap within);

  /** The kind of index that it is. */
  abstract IndexKind kind();

  /** Bytes of memory, estimated. */
  abstract long bytes();

  final int count() {
    return count;
  }

  final ColumnReader column() {
    return column;
  }

  /** Whether a row passes, by the column itself. */
  final boolean passes(ColumnTest test, int row) {
    return ColumnTest.passes(test, column, first + row);
  }

  /** Reads the column. */
  final RoaringBitmap scan(ColumnTest test, RoaringBitmap within) {
    RoaringBitmap found = new RoaringBitmap();
    if (within == null) {
      for (int row = 0; row < count; row++) {
        if (passes(test, row)) {
          found.add(row);
        }
      }
      return found;
    }
    for (PeekableIntIterator rows = within.getIntIterator(); rows.hasNext(); ) {
      int row = rows.next();
      if (passes(test, row)) {
        found.add(row);
      }
    }
    return found;
  }

  /** The rows of a column that have no value, to be kept. */
  static RoaringBitmap nulls(ColumnReader column, int first, int count) {
    RoaringBitmap nulls = new RoaringBitmap();
    for (int row = 0; row < count; row++) {
      if (!column.isPresent(first + row)) {
        nulls.add(row);
      }
    }
    return packed(nulls);
  }

  /** A bitmap to be kept for long. */
  static RoaringBitmap packed(RoaringBitmap bitmap) {
    bitmap.runOptimize();
    bitmap.trim();
    return bitmap;
  }

  static long bytes(RoaringBitmap bitmap) {
    return OBJECT_BYTES + bitmap.getLongSizeInBytes();
  }
}
