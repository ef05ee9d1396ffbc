package io.arbalest.store.query;

import java.util.Arrays;

/** Hits of some queries: for each its query, row and distance. Grows. */
final class Hits {
  private int[] queries = new int[64];
  private int[] rows = new int[64];
  private float[] distances = new float[64];
  private int size;

  void add(int query, int row, float distance) {
    if (size == rows.length) {
      queries = Arrays.copyOf(queries, size * 2);
      rows = Arrays.copyOf(rows, size * 2);
      distances = Arrays.copyOf(distances, size * 2);
    }
    queries[size] = query;
    rows[size] = row;
    distances[size++] = distance;
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  int query(int hit) {
    return queries[hit];
  }

  float distance(int hit) {
    return distances[hit];
  }

  /** Row numbers; the first {@link #size()} count. */
  int[] rows() {
    return rows;
  }
}
