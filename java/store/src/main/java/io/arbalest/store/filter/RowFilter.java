package io.arbalest.store.filter;

/**
 * The rows that match a filter and live, by their numbers, at one moment. Immutable; any thread may
 * read it.
 */
public final class RowFilter {
  private final int rows;
  private final long[] words;
  private final int cardinality;

  /**
   * @param words bit {@code r % 64} of word {@code r / 64} is row r; none is set from {@code rows}
   *     on
   */
  RowFilter(int rows, long[] words) {
    this.rows = rows;
    this.words = words;
    int count = 0;
    for (long word : words) {
      count += Long.bitCount(word);
    }
    this.cardinality = count;
  }

  /** How many rows there were, dead ones included: no row from this number on matches. */
  public int rows() {
    return rows;
  }

  /** How many rows match, exactly. */
  public int cardinality() {
    return cardinality;
  }

  /** How many rows match from a number on. */
  int cardinalityFrom(int first) {
    int at = first >>> 6;
    if (at >= words.length) {
      return 0;
    }
    int count = Long.bitCount(words[at] & -1L << first);
    while (++at < words.length) {
      count += Long.bitCount(words[at]);
    }
    return count;
  }

  /** Whether a row matches. */
  public boolean contains(int row) {
    return row < rows && (words[row >>> 6] >>> row & 1) != 0;
  }

  /** The first row that matches from a number on; -1 if there is none. */
  public int next(int from) {
    if (from >= rows) {
      return -1;
    }
    int at = from >>> 6;
    long word = words[at] & -1L << from;
    while (word == 0) {
      if (++at == words.length) {
        return -1;
      }
      word = words[at];
    }
    return (at << 6) + Long.numberOfTrailingZeros(word);
  }

  /** The bits: row r is bit {@code r % 64} of word {@code r / 64}. Only to be read. */
  long[] words() {
    return words;
  }
}
