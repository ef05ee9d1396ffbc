package io.arbalest.store.filter;

import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/** A node of a {@link BoundFilter}: fields are numbers, values are keys. Immutable. */
abstract sealed class FilterNode {
  /**
   * The rows of a segment that match.
   *
   * @param within the rows that matter, null for all; others may be in the answer or not
   * @return only to be read
   */
  abstract RoaringBitmap select(Segment segment, RoaringBitmap within);

  /** Whether columns are read for it that have no index; such operands come last. */
  abstract boolean scans(Segment segment);

  static final class Leaf extends FilterNode {
    private final int column;
    private final ColumnTest test;

    Leaf(int column, ColumnTest test) {
      this.column = column;
      this.test = test;
    }

    @Override
    RoaringBitmap select(Segment segment, RoaringBitmap within) {
      return segment.columns()[column].select(test, within);
    }

    @Override
    boolean scans(Segment segment) {
      return segment.columns()[column] instanceof ScanSegment
          || segment.columns()[column] instanceof HashSegment
              && test instanceof ColumnTest.TextFits;
    }
  }

  static final class And extends FilterNode {
    private final List<FilterNode> operands;

    And(List<FilterNode> operands) {
      this.operands = List.copyOf(operands);
    }

    @Override
    RoaringBitmap select(Segment segment, RoaringBitmap within) {
      RoaringBitmap rows = within;
      for (int pass = 0; pass < 2; pass++) {
        for (FilterNode operand : operands) {
          boolean isItsPass = operand.scans(segment) == (pass == 1);
          if (isItsPass && (rows == null || !rows.isEmpty())) {
            RoaringBitmap found = operand.select(segment, rows);
            rows = rows == null ? found : RoaringBitmap.and(rows, found);
          }
        }
      }
      return rows == null ? RoaringBitmap.bitmapOfRange(0, segment.count()) : rows;
    }

    @Override
    boolean scans(Segment segment) {
      return operands.stream().anyMatch(operand -> operand.scans(segment));
    }
  }

  static final class Or extends FilterNode {
    private final List<FilterNode> operands;

    Or(List<FilterNode> operands) {
      this.operands = List.copyOf(operands);
    }

    @Override
    RoaringBitmap select(Segment segment, RoaringBitmap within) {
      RoaringBitmap rows = new RoaringBitmap();
      for (FilterNode operand : operands) {
        rows.or(operand.select(segment, within));
      }
      return rows;
    }

    @Override
    boolean scans(Segment segment) {
      return operands.stream().anyMatch(operand -> operand.scans(segment));
    }
  }

  static final class Not extends FilterNode {
    private final FilterNode operand;

    Not(FilterNode operand) {
      this.operand = operand;
    }

    @Override
    RoaringBitmap select(Segment segment, RoaringBitmap within) {
      return RoaringBitmap.flip(operand.select(segment, within), 0L, segment.count());
    }

    @Override
    boolean scans(Segment segment) {
      return operand.scans(segment);
    }
  }
}
