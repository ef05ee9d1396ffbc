package io.arbalest.bench.ann;

import io.arbalest.bench.data.Recall;
import io.arbalest.bench.data.TruthFile;
import io.arbalest.bench.report.Median;
import io.arbalest.bench.report.Table;
import io.arbalest.engine.SearchOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Searches that are asked for a recall, beside the fixed breadth that reaches the same on the same
 * index: judged against any other breadth, an early end looks better or worse than it is.
 */
final class TargetRecall {

  private final Arena.Plan plan;
  private final TruthFile truth;
  private final List<AnnTarget> rows = new ArrayList<>();

  TargetRecall(Arena.Plan plan, TruthFile truth) {
    this.plan = plan;
    this.truth = truth;
  }

  /**
   * Searches for each target.
   *
   * @param sweep the run's rows, by contender, threads and ef
   */
  void run(ArbalestContender contender, List<AnnRow> sweep, List<Double> targets)
      throws IOException, InterruptedException {
    for (int threads : plan.threads()) {
      List<AnnRow> curve =
          sweep.stream()
              .filter(row -> row.contender().equals(contender.name()))
              .filter(row -> row.threads() == threads)
              .toList();
      for (double target : targets) {
        rows.add(measure(contender, curve, threads, target));
      }
    }
  }

  private AnnTarget measure(
      ArbalestContender contender, List<AnnRow> curve, int threads, double target)
      throws IOException, InterruptedException {
    SearchOptions wanted = SearchOptions.k(plan.k()).targetRecall(target);
    Contender.Run run = contender.search(wanted, threads, 0);
    double recall = recall(run);
    Fixed fixed = Fixed.at(recall, curve);
    double[] qps = new double[plan.repeats()];
    double[] fixedQps = new double[plan.repeats()];
    double[] ratios = new double[plan.repeats()];
    double fixedRecall = 0;
    for (int repeat = 0; repeat < plan.repeats(); repeat++) {
      qps[repeat] = contender.search(wanted, threads, plan.secondsMin()).qps();
      if (fixed.ef() > 0) {
        Contender.Run other = contender.search(fixed.ef(), plan.k(), threads, plan.secondsMin());
        fixedRecall = recall(other);
        fixedQps[repeat] = other.qps();
        ratios[repeat] = qps[repeat] / other.qps();
      }
    }
    return new AnnTarget(
        contender.system(),
        contender.variant(),
        threads,
        target,
        recall,
        Median.of(qps),
        run.distances(),
        fixed.ef(),
        fixedRecall,
        Median.of(fixedQps),
        fixed.distances(),
        fixed.ef() > 0 ? run.distances() / fixed.distances() : 0,
        Median.of(ratios));
  }

  private double recall(Contender.Run run) {
    return Recall.at(plan.k(), run.answers(), truth);
  }

  /**
   * A breadth at a recall, between two of a sweep; 0 where there are none around it.
   *
   * @param distances not rounded as {@code ef} is
   */
  record Fixed(int ef, double distances) {

    /** Straight between the two breadths that the recall lies between. */
    static Fixed at(double recall, List<AnnRow> curve) {
      for (int i = 1; i < curve.size(); i++) {
        AnnRow low = curve.get(i - 1);
        AnnRow high = curve.get(i);
        if (low.recall() <= recall && recall <= high.recall() && low.recall() < high.recall()) {
          double share = (recall - low.recall()) / (high.recall() - low.recall());
          double distances = low.distances() + share * (high.distances() - low.distances());
          return new Fixed((int) Math.round(low.ef() + share * (high.ef() - low.ef())), distances);
        }
      }
      return new Fixed(0, 0);
    }
  }

  List<AnnTarget> rows() {
    return List.copyOf(rows);
  }

  /** What was asked for, what came, and what a fixed breadth takes for the same. */
  Table table() {
    Table table =
        new Table(
            List.of(
                "contender",
                "threads",
                "target",
                "recall@" + plan.k(),
                "QPS",
                "distances",
                "fixed ef",
                "its recall",
                "its QPS",
                "distances at equal recall",
                "ratio",
                "QPS ratio"));
    for (AnnTarget row : rows) {
      boolean reached = row.fixedEf() > 0;
      table.add(
          List.of(
              row.system() + "/" + row.variant(),
              Integer.toString(row.threads()),
              number("%.3f", row.targetRecall()),
              number("%.4f", row.recall()),
              number("%.0f", row.qps()),
              number("%.0f", row.distances()),
              reached ? Integer.toString(row.fixedEf()) : "n/a",
              reached ? number("%.4f", row.fixedRecall()) : "n/a",
              reached ? number("%.0f", row.fixedQps()) : "n/a",
              reached ? number("%.0f", row.fixedDistances()) : "n/a",
              reached ? number("%.3f", row.distancesRatio()) : "n/a",
              reached ? number("%.2f", row.qpsRatio()) : "n/a"));
    }
    return table;
  }

  private static String number(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
