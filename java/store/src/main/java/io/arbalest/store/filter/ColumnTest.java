package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a leaf of a filter asks of the rows of one column. Rows without a value pass none but {@link
 * IsNull}. Texts are as {@link ColumnReader.Texts} hands them out. Immutable.
 */
sealed interface ColumnTest {
  /** The row has no value. */
  record IsNull() implements ColumnTest {}

  /** The number's key is in a set. */
  record NumberIn(NumberRanges ranges) implements ColumnTest {}

  /** The text is in a set, or one of a list's texts is. */
  record TextIn(Set<String> values) implements ColumnTest {}

  /** The text fits; not for lists. */
  record TextFits(Predicate<String> predicate) implements ColumnTest {}

  /** Asks a column's values themselves. */
  static boolean passes(ColumnTest test, ColumnReader column, int row) {
    boolean isPresent = column.isPresent(row);
    if (!isPresent || test instanceof IsNull) {
      return !isPresent && test instanceof IsNull;
    }
    if (test instanceof NumberIn in) {
      return in.ranges.contains(((ColumnReader.Numbers) column).key(row));
    }
    if (test instanceof TextFits fits) {
      return fits.predicate.test(((ColumnReader.Texts) column).text(row));
    }
    Set<String> values = ((TextIn) test).values;
    if (column instanceof ColumnReader.Texts texts) {
      return values.contains(texts.text(row));
    }
    boolean[] found = new boolean[1];
    ((ColumnReader.TextLists) column).forEach(row, text -> found[0] |= values.contains(text));
    return found[0];
  }
}
