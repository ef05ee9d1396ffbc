package io.arbalest.store.query;

import io.arbalest.engine.ElementType;

/**
 * What searches cost, and how wide they must be, as {@code arbalest bench filter --calibrate}
 * measures it; {@code bench/RESULTS.md} has the figures that these are fitted to.
 *
 * <p>The unit is a <em>visit</em>: the time that an unfiltered traversal takes for a row that it
 * looks at, whatever machine it runs on. A scan is told by its cost a row in visits, which depends
 * on the row's bytes; a traversal by how many rows it visits, which depends on its breadth. Both
 * are bound by the same memory and run the same kernels, so these ratios carry over where times do
 * not.
 */
final class PlannerCosts {
  /** Dimensions that were measured; between them costs go straight in logarithms. */
  private static final int[] DIMENSIONS = {96, 384, 1536};

  /** Visits a row of an exact scan of matching rows, by dimension. */
  private static final double[] EXACT_FLOAT16 = {0.4, 0.85, 1.6};

  private static final double[] EXACT_FLOAT32 = {0.55, 1.3, 2.6};

  /** Visits a row of a scan of their codes, most of which bits pass over. */
  private static final double[] SCAN = {0.25, 0.22, 0.25};

  /** Visits that such a scan costs before and after: bits have to be judged, the best reranked. */
  private static final double SCAN_START = 350;

  /** An unfiltered traversal of breadth ef visits {@code VISITS * ef ^ VISITS_POWER} rows. */
  private static final double VISITS = 51;

  private static final double VISITS_POWER = 0.76;

  /** The breadth that gives an unfiltered search for one row recall 0.99 ... */
  private static final double EF = 48;

  /** ... which grows by so much a result ... */
  private static final double EF_A_RESULT = 3;

  /**
   * ... and falls by this power of the share that matches: what is met between two matching rows
   * widens a search as much as a larger breadth does.
   */
  private static final double EF_SHARE_POWER = 0.4;

  private PlannerCosts() {}

  /** Visits that an exact scan of so many rows is worth. */
  static double exact(int matching, int dimension, ElementType element) {
    return matching
        * switch (element) {
          case FLOAT16 -> at(EXACT_FLOAT16, dimension);
          case FLOAT32 -> at(EXACT_FLOAT32, dimension);
        };
  }

  /** Visits that a scan of so many rows' codes is worth. */
  static double scan(int matching, int dimension) {
    return SCAN_START + matching * at(SCAN, dimension);
  }

  /** Visits of a traversal that checks its results, of breadth ef counted in matching rows. */
  static double graph(int ef, double share) {
    return VISITS * Math.pow(ef / share, VISITS_POWER);
  }

  /** The breadth, counted in matching rows, that gives k results recall 0.99. */
  static double ef(int k, double share) {
    double unfiltered = EF + EF_A_RESULT * k;
    return Math.max(k * Math.min(2, 1 + share), unfiltered * Math.pow(share, EF_SHARE_POWER));
  }

  private static double at(double[] costs, int dimension) {
    int last = DIMENSIONS.length - 1;
    int i = 0;
    while (i < last - 1 && dimension > DIMENSIONS[i + 1]) {
      i++;
    }
    double place =
        Math.log((double) dimension / DIMENSIONS[i])
            / Math.log((double) DIMENSIONS[i + 1] / DIMENSIONS[i]);
    // Beyond the ends the slope goes on: rows of few components cost little, but something.
    return costs[i] * Math.pow(costs[i + 1] / costs[i], place);
  }
}
