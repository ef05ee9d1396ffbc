package io.arbalest.bench.ann;

import io.arbalest.bench.report.Median;
import java.util.List;
import java.util.Locale;

/** The median of a figure over the repeats, the least and the most of it. */
record Spread(double median, double min, double max) {

  /**
   * Null where a repeat lacks the figure: the median of the others would be that of the better
   * ones.
   *
   * @param values of the repeats that have it, in any order
   */
  static Spread of(List<Double> values, int repeats) {
    if (values.size() < repeats) {
      return null;
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return new Spread(Median.of(sorted), sorted[0], sorted[sorted.length - 1]);
  }

  /**
   * {@code median (min..max)}; the median alone of one repeat, {@code -} of none.
   *
   * @param number the format of each
   */
  static String text(String number, Double median, Double min, Double max, int repeats) {
    if (median == null) {
      return "-";
    }
    String range = " (" + number + ".." + number + ")";
    return String.format(Locale.ROOT, number, median)
        + (repeats == 1 ? "" : String.format(Locale.ROOT, range, min, max));
  }
}
