package io.arbalest.bench.filter;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What every cell's queries should find: brute force over the matching rows, in Java.
 *
 * <p>Rows as near as the k-th nearest are as good as it, so an answer is right when it matches and
 * lies no farther than that one.
 */
final class FilterTruth {
  /** Distances this near are one distance: both sides sum in float32. */
  private static final float TIE = 1e-6f;

  /** A filter's local match rate is that among so many nearest rows of all. */
  private static final int NEIGHBORHOOD = 100;

  private final int k;

  /** Of each cell and query, the rows as near as the k-th, or nearer: all that are right. */
  private final List<List<Set<Integer>>> right = new ArrayList<>();

  private final int[][] wanted;
  private final double[] localRate;

  /** Computes the truth of all cells; one pass over the rows a query. */
  FilterTruth(FilterSet set, List<FilterCell> cells, int k) {
    this.k = k;
    int queries = set.queries().length;
    cells.forEach(cell -> right.add(new ArrayList<>(queries)));
    wanted = new int[cells.size()][queries];
    localRate = new double[cells.size()];
    NearestRows nearest = new NearestRows(k);
    NearestRows neighborhood = new NearestRows(NEIGHBORHOOD);
    BitSet all = new BitSet(set.rows());
    all.set(0, set.rows());
    for (int query = 0; query < queries; query++) {
      float[] distances = set.distances(set.queries()[query]);
      int[] around = neighborhood.of(distances, all);
      for (int cell = 0; cell < cells.size(); cell++) {
        BitSet matches = matches(cells.get(cell), query);
        int[] rows = nearest.of(distances, matches);
        wanted[cell][query] = rows.length;
        right.get(cell).add(rightRows(distances, matches, rows));
        for (int row : around) {
          localRate[cell] += matches.get(row) ? 1.0 / around.length / queries : 0;
        }
      }
    }
  }

  private static BitSet matches(FilterCell cell, int query) {
    for (FilterCell.Part part : cell.parts()) {
      for (int one : part.queries()) {
        if (one == query) {
          return part.matches();
        }
      }
    }
    throw new IllegalArgumentException("query " + query + " is in no part of " + cell.name());
  }

  private static Set<Integer> rightRows(float[] distances, BitSet matches, int[] nearest) {
    Set<Integer> rows = new HashSet<>();
    if (nearest.length > 0) {
      float limit = distances[nearest[nearest.length - 1]] + TIE;
      for (int row = matches.nextSetBit(0); row >= 0; row = matches.nextSetBit(row + 1)) {
        if (distances[row] <= limit) {
          rows.add(row);
        }
      }
    }
    return rows;
  }

  /** How many hits a query of a cell should get: k, or as many as match. */
  int wanted(int cell, int query) {
    return wanted[cell][query];
  }

  /** How many of an answer's rows are right; a row that comes twice counts once. */
  int found(int cell, int query, int[] answer) {
    Set<Integer> good = right.get(cell).get(query);
    Set<Integer> seen = new HashSet<>();
    int found = 0;
    for (int row : answer) {
      if (good.contains(row) && seen.add(row)) {
        found++;
      }
    }
    return Math.min(found, wanted[cell][query]);
  }

  /** The share of the {@value #NEIGHBORHOOD} nearest rows of all that match, the queries' mean. */
  double localRate(int cell) {
    return localRate[cell];
  }

  int k() {
    return k;
  }
}
