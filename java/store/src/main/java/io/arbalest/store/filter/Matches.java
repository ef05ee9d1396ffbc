package io.arbalest.store.filter;

/**
 * The rows among the first ones of a dataset that match a filter, whether they live or not. Since
 * rows never change this holds for ever, and more rows only add to it.
 *
 * @param rows how many rows were asked
 * @param words bit {@code r % 64} of word {@code r / 64} is row r, as many words as they take; none
 *     is set from {@code rows} on. Only to be read
 */
record Matches(int rows, long[] words) {
  /** Of no rows. */
  static final Matches NONE = new Matches(0, new long[0]);

  /** How many words the bits of so many rows take. */
  static int words(int rows) {
    return (int) ((rows + 63L) >>> 6);
  }
}
