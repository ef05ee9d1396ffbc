package io.arbalest.bench.filter;

import java.io.IOException;

/**
 * Looks for the least breadth at which searches have a recall: breadths twice as wide each time
 * until one has it, then halves of what lies between. A recall that falls as searches look wider
 * would lead it astray by as much.
 */
final class LeastBreadth {

  /** Searches at a breadth. */
  @FunctionalInterface
  interface Searches {
    /** Their recall. */
    double recall(int ef) throws IOException;
  }

  /**
   * What was found.
   *
   * @param ef where none has the recall, the one with the best, the least of these
   * @param recall at that breadth
   */
  record Found(int ef, double recall) {}

  private LeastBreadth() {}

  /**
   * Finds the least breadth of {@code min..max} with a recall of at least {@code target}.
   *
   * @param min at least 1
   */
  static Found of(int min, int max, double target, Searches searches) throws IOException {
    int tooNarrow = min - 1;
    Found best = new Found(min, searches.recall(min));
    int ef = min;
    while (best.recall() < target && ef < max) {
      tooNarrow = ef;
      ef = Math.min(max, 2 * ef);
      double recall = searches.recall(ef);
      best = recall > best.recall() ? new Found(ef, recall) : best;
    }
    while (best.recall() >= target && best.ef() - tooNarrow > 1) {
      int middle = (tooNarrow + best.ef()) / 2;
      double recall = searches.recall(middle);
      if (recall >= target) {
        best = new Found(middle, recall);
      } else {
        tooNarrow = middle;
      }
    }
    return best;
  }
}
