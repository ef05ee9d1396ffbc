package io.arbalest.bench.data;

import java.util.HashSet;
import java.util.Set;

/**
 * recall@k: the share of the k nearest rows that an answer holds, averaged over the queries.
 *
 * <p>Rows as near as the k-th nearest are as good as it, so any of them counts: a data set with
 * duplicates has many right answers, and the truth file lists one. A row returned twice counts
 * once.
 */
public final class Recall {

  /** Distances this near are one distance: truth is kept in float32. */
  private static final float TIE = 1e-6f;

  private Recall() {}

  /**
   * @param answers [queries][up to k] row numbers in any order; fewer than k lower the recall
   */
  public static double at(int k, int[][] answers, TruthFile truth) {
    if (answers.length != truth.queries()) {
      throw new IllegalArgumentException(
          "answers: " + answers.length + " queries; the truth has " + truth.queries());
    }
    if (k < 1 || k > truth.k()) {
      throw new IllegalArgumentException("k: " + k + "; allowed: 1.." + truth.k());
    }
    long found = 0;
    for (int query = 0; query < answers.length; query++) {
      found += found(k, answers[query], truth.ids()[query], truth.distances()[query]);
    }
    return answers.length == 0 ? 0 : (double) found / ((long) answers.length * k);
  }

  private static int found(int k, int[] answer, int[] nearest, float[] distances) {
    float limit = distances[k - 1] + TIE;
    Set<Integer> good = new HashSet<>();
    for (int i = 0; i < nearest.length && (i < k || distances[i] <= limit); i++) {
      good.add(nearest[i]);
    }
    int found = 0;
    for (int i = 0; i < Math.min(k, answer.length); i++) {
      if (good.remove(answer[i])) {
        found++;
      }
    }
    return found;
  }
}
