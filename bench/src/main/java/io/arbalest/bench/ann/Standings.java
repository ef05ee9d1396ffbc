package io.arbalest.bench.ann;

import io.arbalest.bench.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Who stands where at equal recall: queries per second read off each contender's curve, and the
 * ratio to the reference taken within each repeat, so that both figures of a ratio are of one
 * moment.
 */
final class Standings {

  /** The peer that ratios are to, when it takes part. */
  static final String REFERENCE = "hnswlib/float32";

  static final List<Double> RECALLS = List.of(0.90, 0.95, 0.99);

  private final Arena arena;
  private final Arena.Plan plan;
  private final List<String> contenders;

  /**
   * @param contenders by {@link Contender#name}
   */
  Standings(Arena arena, Arena.Plan plan, List<String> contenders) {
    this.arena = arena;
    this.plan = plan;
    this.contenders = contenders;
  }

  /** Every contender at every number of threads and recall. */
  List<AnnStanding> all() {
    List<AnnStanding> all = new ArrayList<>();
    for (int threads : plan.threads()) {
      for (String contender : contenders) {
        for (double recall : RECALLS) {
          all.add(standing(contender, threads, recall));
        }
      }
    }
    return all;
  }

  /** A row a contender and number of threads; medians of the repeats, with their range. */
  Table speed() {
    List<String> head = new ArrayList<>(List.of("contender", "threads"));
    for (double recall : RECALLS) {
      head.add("QPS at %.2f".formatted(recall));
      head.add("x hnswlib");
    }
    Table table = new Table(head);
    for (int threads : plan.threads()) {
      for (String contender : contenders) {
        List<String> row = new ArrayList<>(List.of(contender, Integer.toString(threads)));
        for (double recall : RECALLS) {
          AnnStanding at = standing(contender, threads, recall);
          String qps = spread("%.0f", at.qps(), at.qpsMin(), at.qpsMax());
          row.add(at.qps() == null ? "not reached" : (at.floor() ? ">= " : "") + qps);
          row.add(spread("%.2f", at.ratio(), at.ratioMin(), at.ratioMax()));
        }
        table.add(row);
      }
    }
    return table;
  }

  /**
   * A row a build. One whose index was loaded says of when it is and how busy the machine was, and
   * has no ratio: a ratio is of builds of one run.
   */
  Table builds() {
    boolean anyKept = arena.builds().stream().anyMatch(AnnBuild::kept);
    List<String> head =
        new ArrayList<>(
            List.of("contender", "threads", "build s", "x hnswlib", "index MiB", "resident MiB"));
    if (anyKept) {
      head.add("loaded, built");
    }
    Table table = new Table(head);
    for (AnnBuild build : arena.builds()) {
      String ratio = "-";
      for (AnnBuild other : arena.builds()) {
        if (other.contender().equals(REFERENCE)
            && other.threads() == build.threads()
            && !other.kept()
            && !build.kept()) {
          ratio = format("%.2f", other.seconds() / build.seconds());
        }
      }
      List<String> row =
          new ArrayList<>(
              List.of(
                  build.contender(),
                  Integer.toString(build.threads()),
                  format("%.2f", build.seconds()),
                  ratio,
                  format("%.1f", build.bytes() / 1048576.0),
                  format("%.1f", build.residentBytes() / 1048576.0)));
      if (anyKept) {
        row.add(
            build.kept()
                ? build.keptSince() + format(", load %.2f", build.keptLoadAverage())
                : "-");
      }
      table.add(row);
    }
    return table;
  }

  private AnnStanding standing(String contender, int threads, double recall) {
    List<Double> speeds = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    boolean floor = false;
    for (int repeat = 0; repeat < plan.repeats(); repeat++) {
      Curve mine = arena.curve(contender, threads, repeat);
      OptionalDouble speed = mine.qpsAt(recall);
      OptionalDouble reference = arena.curve(REFERENCE, threads, repeat).qpsAt(recall);
      if (speed.isPresent()) {
        speeds.add(speed.getAsDouble());
        floor |= !mine.brackets(recall);
        if (reference.isPresent()) {
          ratios.add(speed.getAsDouble() / reference.getAsDouble());
        }
      }
    }
    // A recall that one repeat did not reach is not reached: its median would be of the better
    // ones.
    double[] qps = speeds.size() < plan.repeats() ? new double[0] : sorted(speeds);
    double[] ratio = ratios.size() < plan.repeats() ? new double[0] : sorted(ratios);
    int slash = contender.indexOf('/');
    return new AnnStanding(
        contender.substring(0, slash),
        contender.substring(slash + 1),
        threads,
        recall,
        floor,
        qps.length == 0 ? null : (Double) Arena.median(qps),
        qps.length == 0 ? null : (Double) qps[0],
        qps.length == 0 ? null : (Double) qps[qps.length - 1],
        ratio.length == 0 ? null : (Double) Arena.median(ratio),
        ratio.length == 0 ? null : (Double) ratio[0],
        ratio.length == 0 ? null : (Double) ratio[ratio.length - 1]);
  }

  private static double[] sorted(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  /** {@code median (min..max)}; the median alone where there was one repeat. */
  private String spread(String number, Double median, Double min, Double max) {
    if (median == null) {
      return "-";
    }
    String range = format(" (" + number, min) + format(".." + number + ")", max);
    return format(number, median) + (plan.repeats() == 1 ? "" : range);
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
