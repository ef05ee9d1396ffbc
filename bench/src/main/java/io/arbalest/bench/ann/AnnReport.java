package io.arbalest.bench.ann;

import io.arbalest.bench.report.JsonReport;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.bench.report.SvgPlot;
import io.arbalest.bench.report.Table;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A run's outcome for people (tables, plot) and for programs (JSON). */
final class AnnReport {

  private final Map<String, Object> machine;
  private final Map<String, Object> parameters;
  private final Arena.Plan plan;
  private final Arena arena;
  private final TargetRecall asked;
  private final List<Contender> contenders;
  private final List<String> unavailable;
  private final Standings standings;
  private final ThreadGains threadGains;

  AnnReport(
      Map<String, Object> machine,
      Map<String, Object> parameters,
      Arena.Plan plan,
      Arena arena,
      TargetRecall asked,
      List<Contender> contenders,
      List<String> unavailable) {
    this.machine = machine;
    this.parameters = parameters;
    this.plan = plan;
    this.arena = arena;
    this.asked = asked;
    this.contenders = contenders;
    this.unavailable = unavailable;
    standings = new Standings(arena, plan, names());
    threadGains = new ThreadGains(arena, plan, names());
    Map<String, String> about = new LinkedHashMap<>();
    contenders.forEach(contender -> about.put(contender.name(), contender.about()));
    parameters.put("systems", about);
    parameters.put("left_out", unavailable);
  }

  private List<String> names() {
    return contenders.stream().map(Contender::name).toList();
  }

  void print(PrintStream out) {
    out.println();
    out.println(MachineFacts.line(machine));
    out.println(data());
    contenders.forEach(contender -> out.println(contender.name() + ": " + contender.about()));
    unavailable.forEach(peer -> out.println("left out: " + peer));
    out.println();
    out.println(points().text());
    out.println(standings.builds().text());
    out.println(standings.speed().text());
    if (plan.threads().size() > 1) {
      out.println(threadGains.table().text());
    }
    if (!asked.rows().isEmpty()) {
      out.println(asked.table().text());
    }
  }

  /** Writes the files asked for; null is not asked for. */
  void write(Path json, Path plot, Path markdown) throws IOException {
    if (json != null) {
      JsonReport.write(
          json,
          machine,
          parameters,
          arena.rows(),
          arena.builds(),
          Map.of(
              "standings",
              standings.all(),
              "thread_gains",
              threadGains.all(),
              "targets",
              asked.rows()));
    }
    if (plot != null) {
      Files.writeString(plot, svg());
    }
    if (markdown != null) {
      Files.writeString(markdown, markdown());
    }
  }

  private String data() {
    return "%s rows of %s, %s, k = %s, M = %s, ef_construction = %s; medians of %s turns"
        .formatted(
            parameters.get("rows"),
            parameters.get("dim"),
            parameters.get("metric"),
            parameters.get("k"),
            parameters.get("M"),
            parameters.get("ef_construction"),
            parameters.get("repeats"));
  }

  private String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(MachineFacts.line(machine)).append(". ").append(data()).append(".\n\n");
    contenders.forEach(
        c -> out.append("- ").append(c.name()).append(": ").append(c.about()).append('\n'));
    unavailable.forEach(peer -> out.append("- left out: ").append(peer).append('\n'));
    out.append('\n').append(standings.speed().markdown());
    if (plan.threads().size() > 1) {
      out.append('\n').append(threadGains.table().markdown());
    }
    if (!asked.rows().isEmpty()) {
      out.append('\n').append(asked.table().markdown());
    }
    out.append('\n').append(standings.builds().markdown());
    out.append('\n').append(points().markdown());
    return out.toString();
  }

  private Table points() {
    Table table =
        new Table(
            List.of(
                "contender",
                "threads",
                "ef",
                "recall@" + plan.k(),
                "QPS",
                "min..max",
                "distances",
                "p50 us",
                "p99 us"));
    for (AnnRow row : arena.rows()) {
      table.add(
          List.of(
              row.contender(),
              Integer.toString(row.threads()),
              Integer.toString(row.ef()),
              number("%.4f", row.recall()),
              number("%.0f", row.qps()),
              number("%.0f", row.qpsMin()) + number("..%.0f", row.qpsMax()),
              row.distances() == null ? "n/a" : number("%.0f", row.distances()),
              row.p50Us() == null ? "-" : number("%.1f", row.p50Us()),
              row.p99Us() == null ? "-" : number("%.1f", row.p99Us())));
    }
    return table;
  }

  private String svg() {
    List<SvgPlot.Panel> panels = new ArrayList<>();
    for (int threads : plan.threads()) {
      List<SvgPlot.Series> series = new ArrayList<>();
      for (String contender : names()) {
        series.add(
            new SvgPlot.Series(
                contender,
                arena.rows().stream()
                    .filter(row -> row.threads() == threads && row.contender().equals(contender))
                    .map(row -> new SvgPlot.Point(row.recall(), row.qps()))
                    .toList()));
      }
      panels.add(new SvgPlot.Panel(threads == 1 ? "1 thread" : threads + " threads", series));
    }
    String subtitle = data() + "; " + machine.get("cpu");
    return new SvgPlot(
            "Queries per second against recall, up and to the right is better",
            subtitle,
            "recall@" + plan.k(),
            "queries per second",
            panels)
        .svg();
  }

  private static String number(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
