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

  Standings(Arena arena, Arena.Plan plan, List<String> contenders) {
    this.arena = arena;
    this.plan = plan;
    this.contenders = contenders;
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
          row.add(qps(contender, threads, recall));
          row.add(ratio(contender, threads, recall));
        }
        table.add(row);
      }
    }
    return table;
  }

  /** A row a build. */
  Table builds() {
    Table table =
        new Table(
            List.of("contender", "threads", "build s", "x hnswlib", "index MiB", "resident MiB"));
    for (AnnBuild build : arena.builds()) {
      String ratio = "-";
      for (AnnBuild other : arena.builds()) {
        if (other.contender().equals(REFERENCE) && other.threads() == build.threads()) {
          ratio = format("%.2f", other.seconds() / build.seconds());
        }
      }
      table.add(
          List.of(
              build.contender(),
              Integer.toString(build.threads()),
              format("%.2f", build.seconds()),
              ratio,
              format("%.1f", build.bytes() / 1048576.0),
              format("%.1f", build.residentBytes() / 1048576.0)));
    }
    return table;
  }

  private String qps(String contender, int threads, double recall) {
    List<Double> values = new ArrayList<>();
    boolean bracketed = true;
    for (int repeat = 0; repeat < plan.repeats(); repeat++) {
      Curve curve = arena.curve(contender, threads, repeat);
      OptionalDouble value = curve.qpsAt(recall);
      if (value.isPresent()) {
        values.add(value.getAsDouble());
        bracketed &= curve.brackets(recall);
      }
    }
    if (values.size() < plan.repeats()) {
      return "not reached";
    }
    return (bracketed ? "" : ">= ") + spread("%.0f", values);
  }

  private String ratio(String contender, int threads, double recall) {
    List<Double> ratios = new ArrayList<>();
    for (int repeat = 0; repeat < plan.repeats(); repeat++) {
      OptionalDouble mine = arena.curve(contender, threads, repeat).qpsAt(recall);
      Curve reference = arena.curve(REFERENCE, threads, repeat);
      OptionalDouble theirs = reference.qpsAt(recall);
      if (mine.isPresent() && theirs.isPresent()) {
        ratios.add(mine.getAsDouble() / theirs.getAsDouble());
      }
    }
    return ratios.size() < plan.repeats() ? "-" : spread("%.2f", ratios);
  }

  /** {@code median (min..max)}. */
  private static String spread(String number, List<Double> values) {
    double[] all = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (all.length == 1) {
      return format(number, all[0]);
    }
    return format(number, Arena.median(all))
        + format(" (" + number, all[0])
        + format(".." + number + ")", all[all.length - 1]);
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
