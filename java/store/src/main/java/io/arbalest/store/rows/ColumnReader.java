package io.arbalest.store.rows;

import java.util.function.Consumer;

/**
 * The values of a metadata column, one by one. Any thread may read the rows that {@link RowStore}
 * has published.
 */
public sealed interface ColumnReader {
  /** Whether a row has a value. */
  boolean isPresent(int row);

  /** A column of numbers, times or bools. */
  non-sealed interface Numbers extends ColumnReader {
    /** The key of a row's value, as {@link NumberKeys} has it; any number where there is none. */
    long key(int row);
  }

  /**
   * A column of texts. They are handed out with a character for each byte of their UTF-8 ({@link
   * #text}): that keeps apart what is not well-formed, and orders by code points.
   */
  non-sealed interface Texts extends ColumnReader {
    /** A row's value, which it must have. */
    String text(int row);

    /** The length of a row's value in bytes. */
    int length(int row);
  }

  /** A column of lists of texts, which are handed out as those of {@link Texts} are. */
  non-sealed interface TextLists extends ColumnReader {
    /** Visits the texts of a row's list, which it must have, but for those that are null. */
    void forEach(int row, Consumer<String> visitor);
  }
}
