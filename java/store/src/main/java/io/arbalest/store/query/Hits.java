package io.arbalest.store.query;

import java.util.Arrays;

/** Hits of some queries: for each its query, row and distance; of ranked ones more. Grows. */
final class Hits {
  private int[] queries = new int[64];
  private int[] rows = new int[64];
  private float[] distances = new float[64];
  private Fusion.Ranked[] ranked; // null: hits are in the order of distances and have no more
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

  /** Adds a hit of a search with text; all others are such too. */
  void add(int query, Fusion.Ranked hit) {
    if (ranked == null) {
      ranked = new Fusion.Ranked[64];
    } else if (size == ranked.length) {
      ranked = Arrays.copyOf(ranked, size * 2);
    }
    ranked[size] = hit;
    add(query, hit.row(), hit.distance() == null ? Float.NaN : hit.distance());
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

  /** What a hit was ranked by, if it was added so. */
  Fusion.Ranked ranked(int hit) {
    return ranked[hit];
  }

  /** Row numbers; the first {@link #size()} count. */
  int[] rows() {
    return rows;
  }
}
