package io.arbalest.bench.report;

import java.util.ArrayList;
import java.util.List;

/** Rows of text under a head: aligned for a terminal, or as Markdown. */
public final class Table {

  private final List<List<String>> lines = new ArrayList<>();

  /** A table of as many columns as the head has. */
  public Table(List<String> head) {
    lines.add(List.copyOf(head));
  }

  /** Adds a row; it has as many cells as the head. */
  public void add(List<String> row) {
    if (row.size() != lines.get(0).size()) {
      throw new IllegalArgumentException(
          "row: " + row.size() + " cells; the head has " + lines.get(0).size());
    }
    lines.add(List.copyOf(row));
  }

  /** For a terminal: the first column to the left, the others to the right. */
  public String text() {
    StringBuilder out = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int column = 0; column < line.size(); column++) {
        String cell = line.get(column);
        String padding = " ".repeat(width(column) - cell.length());
        row.append(column == 0 ? cell + padding : "  " + padding + cell);
      }
      out.append(row.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  /** For a document. */
  public String markdown() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      out.append("| ").append(String.join(" | ", lines.get(i))).append(" |\n");
      if (i == 0) {
        out.append("| --- |").append(" ---: |".repeat(lines.get(0).size() - 1)).append('\n');
      }
    }
    return out.toString();
  }

  private int width(int column) {
    return lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0);
  }
}
