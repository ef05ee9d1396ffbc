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
          String qps = Spread.text("%.0f", at.qps(), at.qpsMin(), at.qpsMax(), plan.repeats());
          row.add(at.qps() == null ? "not reached" : (at.floor() ? ">= " : "") + qps);
          row.add(Spread.text("%.2f", at.ratio(), at.ratioMin(), at.ratioMax(), plan.repeats()));
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
    Spread qps = Spread.of(speeds, plan.repeats());
    Spread ratio = Spread.of(ratios, plan.repeats());
    int slash = contender.indexOf('/');
    return new AnnStanding(
        contender.substring(0, slash),
        contender.substring(slash + 1),
        threads,
        recall,
        floor,
        qps == null ? null : (Double) qps.median(),
        qps == null ? null : (Double) qps.min(),
        qps == null ? null : (Double) qps.max(),
        ratio == null ? null : (Double) ratio.median(),
        ratio == null ? null : (Double) ratio.min(),
        ratio == null ? null : (Double) ratio.max());
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
