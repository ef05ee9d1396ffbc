package io.arbalest.bench.filter;

import io.arbalest.bench.report.JsonReport;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.bench.report.Table;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The lines of one run: told as they come, then printed and written. */
final class FilterReport {
  private final Map<String, Object> machine = MachineFacts.read();
  private final Map<String, Object> parameters;
  private final FilterPeers peers;
  private final List<FilterRow> rows = new ArrayList<>();

  /**
   * @param peers what they measured is read when the report is printed or written
   */
  FilterReport(Map<String, Object> parameters, FilterPeers peers) {
    this.parameters = parameters;
    this.peers = peers;
  }

  void add(FilterRow row) {
    rows.add(row);
    System.err.println(String.join("  ", cells(row)));
  }

  void print(PrintStream out) {
    out.println();
    out.println(MachineFacts.line(machine));
    out.println(parameters);
    out.println();
    out.print(table().text());
    out.println();
    out.println(verdict());
    if (!peers.isEmpty()) {
      out.println();
      out.print(new FilterPeerTable(rows, peers).text());
    }
  }

  /** Writes the files asked for; null is not asked for. */
  void write(Path json, Path markdown) throws IOException {
    if (json != null) {
      parameters.put("left_out", peers.leftOut());
      JsonReport.write(json, machine, parameters, rows, List.of(), Map.of("peers", peers.rows()));
    }
    if (markdown != null) {
      Files.writeString(
          markdown,
          MachineFacts.line(machine)
              + ". "
              + parameters
              + "\n\n"
              + table().markdown()
              + "\n"
              + verdict()
              + "\n"
              + (peers.isEmpty() ? "" : "\n" + new FilterPeerTable(rows, peers).markdown()));
    }
  }

  private Table table() {
    Table table =
        new Table(
            List.of(
                "filter",
                "kind",
                "selectivity",
                "matching",
                "of the 100 nearest",
                "system",
                "strategy",
                "recall",
                "mean us",
                "p99 us",
                "first us",
                "built ms",
                "visited",
                "x unfiltered",
                "target"));
    rows.forEach(row -> table.add(cells(row)));
    return table;
  }

  private static List<String> cells(FilterRow row) {
    return List.of(
        row.filter(),
        row.kind(),
        percent(row.selectivity()),
        format("%.0f", row.matching()),
        percent(row.localRate()),
        row.system(),
        row.strategy() == null ? "-" : row.strategy(),
        format("%.4f", row.recall()),
        format("%.0f", row.meanUs()),
        format("%.0f", row.p99Us()),
        format("%.0f", row.firstUs()),
        row.builtMs() == null ? "-" : format("%.1f", row.builtMs()),
        row.visited() == null ? "-" : format("%.0f", row.visited()),
        format("%.2f", row.ratio()),
        row.isOnTarget() ? "yes" : "no");
  }

  /** How many of our filtered lines are on target, and which are not. */
  private String verdict() {
    List<FilterRow> ours =
        rows.stream()
            .filter(row -> row.system().equals("arbalest") && !row.kind().equals("none"))
            .toList();
    List<FilterRow> off = ours.stream().filter(row -> !row.isOnTarget()).toList();
    String line =
        format(
            "target, recall@k >= %.2f at no more than %.0f times the unfiltered search at 0.95:"
                + " %d of %d cells",
            FilterRow.RECALL_TARGET, FilterRow.RATIO_TARGET, ours.size() - off.size(), ours.size());
    for (FilterRow row : off) {
      line +=
          format(
              "\n  not: %s (%s): recall %.4f, ratio %.2f, %d queries without all their hits",
              row.filter(), row.kind(), row.recall(), row.ratio(), row.missing());
    }
    return line;
  }

  private static String percent(double share) {
    return format(share >= 0.01 ? "%.0f%%" : "%.2g%%", 100 * share);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
