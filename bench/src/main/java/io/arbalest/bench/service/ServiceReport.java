package io.arbalest.bench.service;

import io.arbalest.bench.report.JsonReport;
import io.arbalest.bench.report.MachineFacts;
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

/** The figures of one run: told as they come, then printed and written. */
final class ServiceReport {

  private final Map<String, Object> machine = MachineFacts.read();
  private final Map<String, Object> parameters;
  private final List<ServiceRow> rows = new ArrayList<>();

  ServiceReport(Map<String, Object> parameters) {
    this.parameters = new LinkedHashMap<>(parameters);
  }

  void add(ServiceRow row) {
    rows.add(row);
    System.err.println(
        String.format(Locale.ROOT, "%s: %s %s", row.name(), figure(row.value()), row.unit()));
  }

  /** A case that this machine cannot run, and why; told beside the parameters. */
  void notRun(String name, String reason) {
    parameters.put("not run: " + name, reason);
    System.err.println(name + ": not run: " + reason);
  }

  /** The value of a case measured before. */
  double value(String name) {
    return rows.stream()
        .filter(row -> row.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("case: " + name + " was not measured"))
        .value();
  }

  void print(PrintStream out) {
    out.println();
    out.println(MachineFacts.line(machine));
    out.println(parameters);
    out.println();
    out.print(table().text());
  }

  /** Writes the files asked for; null is not asked for. */
  void write(Path json, Path markdown) throws IOException {
    if (json != null) {
      JsonReport.write(json, machine, parameters, rows, List.of());
    }
    if (markdown != null) {
      Files.writeString(
          markdown, MachineFacts.line(machine) + ". " + parameters + "\n\n" + table().markdown());
    }
  }

  private Table table() {
    Table table = new Table(List.of("case", "value", "unit", "peer", "ratio", "recall"));
    for (ServiceRow row : rows) {
      table.add(
          List.of(
              row.name(),
              figure(row.value()),
              row.unit(),
              row.peer() == null ? "-" : row.peer(),
              row.ratio() == null ? "-" : String.format(Locale.ROOT, "%.2f", row.ratio()),
              row.recall() == null ? "-" : String.format(Locale.ROOT, "%.4f", row.recall())));
    }
    return table;
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.3g", value);
  }
}
