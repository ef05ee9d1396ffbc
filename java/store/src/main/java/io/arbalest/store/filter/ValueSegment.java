package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.FastAggregation;
import org.roaringbitmap.RoaringBitmap;

/** A bitmap of rows for each value: of a text, of a list's texts, of a number's key. */
final class ValueSegment extends ColumnSegment {
  private static final int ENTRY_BYTES = 48;

  private final Map<Object, RoaringBitmap> values;
  private final RoaringBitmap nulls;
  private final long bytes;

  private ValueSegment(
      ColumnReader column, int first, int count, Map<Object, RoaringBitmap> values, long bytes) {
    super(column, first, count);
    this.values = values;
    this.nulls = nulls(column, first, count);
    this.bytes = bytes + bytes(nulls);
  }

  /**
   * Indexes a segment.
   *
   * @param texts one instance of each text, which segments share
   * @param valuesMax values to take at most
   * @return null if there are more values
   */
  static ValueSegment build(
      ColumnReader column, int first, int count, TextPool texts, int valuesMax) {
    Map<Object, RoaringBitmap> values = new HashMap<>();
    for (int row = 0; row < count && values.size() <= valuesMax; row++) {
      int at = row;
      if (!column.isPresent(first + row)) {
        continue;
      }
      if (column instanceof ColumnReader.Numbers numbers) {
        add(values, numbers.key(first + row), row);
      } else if (column instanceof ColumnReader.Texts single) {
        add(values, texts.shared(single.text(first + row)), row);
      } else {
        ((ColumnReader.TextLists) column)
            .forEach(first + row, text -> add(values, texts.shared(text), at));
      }
    }
    if (values.size() > valuesMax) {
      return null;
    }
    long bytes = 0;
    for (RoaringBitmap rows : values.values()) {
      bytes += ENTRY_BYTES + bytes(packed(rows));
    }
    return new ValueSegment(column, first, count, values, bytes);
  }

  private static void add(Map<Object, RoaringBitmap> values, Object value, int row) {
    values.computeIfAbsent(value, unseen -> new RoaringBitmap()).add(row);
  }

  @Override
  RoaringBitmap select(ColumnTest test, RoaringBitmap within) {
    if (test instanceof ColumnTest.IsNull) {
      return nulls;
    }
    List<RoaringBitmap> found = new ArrayList<>();
    if (test instanceof ColumnTest.TextIn in && in.values().size() < values.size()) {
      for (String value : in.values()) {
        RoaringBitmap rows = values.get(value);
        if (rows != null) {
          found.add(rows);
        }
      }
    } else {
      for (Map.Entry<Object, RoaringBitmap> entry : values.entrySet()) {
        if (passes(test, entry.getKey())) {
          found.add(entry.getValue());
        }
      }
    }
    return switch (found.size()) {
      case 0 -> new RoaringBitmap();
      case 1 -> found.get(0);
      default -> FastAggregation.or(found.iterator());
    };
  }

  private static boolean passes(ColumnTest test, Object value) {
    if (test instanceof ColumnTest.NumberIn in) {
      return in.ranges().contains((Long) value);
    }
    return test instanceof ColumnTest.TextIn in
        ? in.values().contains(value)
        : ((ColumnTest.TextFits) test).predicate().test((String) value);
  }

  @Override
  IndexKind kind() {
    return IndexKind.BITMAP;
  }

  @Override
  long bytes() {
    return bytes;
  }
}
