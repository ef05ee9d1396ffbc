package io.arbalest.store.filter;

/**
 * Rows {@code first} to {@code end} and an index of each column over them.
 *
 * @param columns by the columns' numbers
 */
record Segment(int first, int end, ColumnSegment[] columns) {
  int count() {
    return end - first;
  }
}
