package io.arbalest.bench.report;

import java.util.Arrays;

/** The middle of some figures. */
public final class Median {
  private Median() {}

  /**
   * Of an even number, the mean of the two in the middle.
   *
   * @param values at least one, in any order; stay as they are
   */
  public static double of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
