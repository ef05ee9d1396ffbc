package io.arbalest.bench.filter;

import java.io.IOException;
import java.util.function.BooleanSupplier;

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
   * @param complete false where time was up before less, or more, was tried
   */
  record Found(int ef, double recall, boolean complete) {}

  /**
   * What is found may be wider than the least by this part of itself: below 128, it is the least.
   */
  private static final int CLOSE = 64;

  private LeastBreadth() {}

  /**
   * Finds, to a 64th of itself, the least breadth of {@code min..max} with a recall of at least
   * {@code target}.
   *
   * @param min at least 1
   * @param hasTime whether another breadth may be tried
   */
  static Found of(int min, int max, double target, BooleanSupplier hasTime, Searches searches)
      throws IOException {
    int tooNarrow = min - 1;
    int best = min;
    double recall = searches.recall(min);
    int ef = min;
    while (recall < target && ef < max && hasTime.getAsBoolean()) {
      tooNarrow = ef;
      ef = Math.min(max, 2 * ef);
      double wider = searches.recall(ef);
      best = wider > recall ? ef : best;
      recall = Math.max(recall, wider);
    }
    if (recall < target) {
      return new Found(best, recall, ef == max);
    }
    while (!isClose(best, tooNarrow) && hasTime.getAsBoolean()) {
      int middle = (tooNarrow + best) / 2;
      double narrower = searches.recall(middle);
      if (narrower >= target) {
        best = middle;
        recall = narrower;
      } else {
        tooNarrow = middle;
      }
    }
    return new Found(best, recall, isClose(best, tooNarrow));
  }

  private static boolean isClose(int enough, int tooNarrow) {
    return enough - tooNarrow <= Math.max(1, enough / CLOSE);
  }
}
