package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import org.roaringbitmap.RoaringBitmap;

/** No index: reads the column. */
final class ScanSegment extends ColumnSegment {
  ScanSegment(ColumnReader column, int first, int count) {
    super(column, first, count);
  }

  @Override
  RoaringBitmap select(ColumnTest test, RoaringBitmap within) {
    return scan(test, within);
  }

  @Override
  IndexKind kind() {
    return IndexKind.NONE;
  }

  @Override
  long bytes() {
    return 0;
  }
}
