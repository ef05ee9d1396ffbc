package io.arbalest.store.query;

import io.arbalest.engine.ElementType;

/**
 * What searches cost, and how wide they must be: fitted to what {@code arbalest bench filter
 * --calibrate} measures, and for the breadths to {@code arbalest bench filter} on WordNet and on a
 * million rows; {@code bench/RESULTS.md} has the figures.
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
  private static final double[] EXACT_FLOAT16 = {0.4, 1.1, 2.2};

  private static final double[] EXACT_FLOAT32 = {0.56, 1.9, 4};

  /** Visits a row of a scan of their codes, most of which bits pass over ... */
  private static final double[] SCAN = {0.24, 0.2, 0.4};

  /** ... and twice as many for so many results, each of which lets more rows pass. */
  private static final double SCAN_RESULTS = 150;

  /** Visits that such a scan costs before its first row, and for each result that it reranks. */
  private static final double SCAN_START = 160;

  private static final double SCAN_A_RESULT = 12;

  /** Visits a row that a search by a subset looks at ... */
  private static final double[] SUBSET = {0.04, 0.065, 0.2};

  /** ... and before the first: tables are made, and the nearest compared by their codes. */
  private static final double SUBSET_START = 350;

  /** A search for recall 0.997 looks at so many rows for each that one for 0.99 does. */
  private static final double SUBSET_LOOKED = 1.4;

  /**
   * What share of a subset's rows is looked at, before it is known: a low one, since who believes
   * in too high ones never learns better.
   */
  private static final double SUBSET_LIKELY_SHARE = 0.04;

  /**
   * An unfiltered traversal of breadth ef visits {@code VISITS * ef ^ VISITS_POWER} rows; one that
   * ends by distance, when it has the recall of that breadth.
   */
  private static final double VISITS = 40;

  private static final double VISITS_POWER = 0.75;

  /**
   * By how much a visit of a filtered traversal costs more where next to nothing matches: it reads
   * lists of rows that do not.
   */
  private static final double FILTERED_MORE = 0.6;

  /** At this breadth a visit costs twice as much: candidates are many, and so are cache misses. */
  private static final double EF_TWICE = 3_000;

  /** The breadth that gives an unfiltered search recall 0.99, in so many rows ... */
  private static final double EF = 68;

  private static final double EF_ROWS = 115_659;

  /** ... grows with their number ... */
  private static final double EF_ROWS_POWER = 0.2;

  /**
   * ... and with that of the results. It does not fall with the share that matches, although the
   * rows met between two that match widen a search as a larger breadth does: what leads from match
   * to match is a poorer graph.
   */
  private static final double EF_A_RESULT = 3.5;

  /** Never fewer than so many a result. */
  private static final double EF_A_RESULT_MIN = 1.2;

  private PlannerCosts() {}

  /** Visits that an exact scan of so many rows is worth. */
  static double exact(int matching, int dimension, ElementType element) {
    return matching
        * switch (element) {
          case FLOAT16 -> at(EXACT_FLOAT16, dimension);
          case FLOAT32 -> at(EXACT_FLOAT32, dimension);
        };
  }

  /** Visits that a scan of so many rows' codes for k results is worth. */
  static double scan(int matching, int k, int dimension) {
    return SCAN_START + SCAN_A_RESULT * k + matching * at(SCAN, dimension) * (1 + k / SCAN_RESULTS);
  }

  /**
   * Visits that a search by a subset for k results is worth.
   *
   * @param looked rows, and centres of cells, that a search for recall 0.99 looks at
   * @param behind rows that came after the subset, which are scanned
   */
  static double subset(double looked, int behind, int k, int dimension) {
    double rows = SUBSET_LOOKED * looked * at(SUBSET, dimension) + behind * at(SCAN, dimension);
    return SUBSET_START + SCAN_A_RESULT * k + rows * (1 + k / SCAN_RESULTS);
  }

  /** The same before there is one, which may turn out to be better or worse. */
  static double likelySubset(int matching, int k, int dimension) {
    return subset(SUBSET_LIKELY_SHARE * matching, 0, k, dimension);
  }

  /** Visits that a filtered traversal was worth, which ended in scans for some of its queries. */
  static double walked(long visited, long scanned, double share, int dimension) {
    return filteredVisit(share) * visited + scanned * at(SCAN, dimension);
  }

  private static double filteredVisit(double share) {
    return 1 + FILTERED_MORE * (1 - share);
  }

  /**
   * Visits of a traversal of breadth ef, counted in rows that match. What of them k lie among k /
   * share of all is found as so many are: that takes the root of 1 / share as many visits.
   */
  static double graph(int ef, double share) {
    return filteredVisit(share)
        * VISITS
        * Math.pow(ef, VISITS_POWER)
        * (1 + ef / EF_TWICE)
        / Math.sqrt(share);
  }

  /** The breadth, counted in rows that match, that gives k results recall 0.99. */
  static double ef(int k, int rows) {
    double growth = Math.pow(Math.max(1, rows / EF_ROWS), EF_ROWS_POWER);
    return Math.max(EF_A_RESULT_MIN * k, (EF + EF_A_RESULT * k) * growth);
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
