package io.arbalest.bench.filter;

import io.arbalest.bench.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Arbalest's rows beside those of the peers: a column each. */
final class FilterPeerTable {
  private static final String KEY =
      "processor time of a query in us (its recall), and how many times Arbalest's that is; a peer"
          + " at the least breadth with recall >= 0.99 (0.95 without a filter), or `best` where no"
          + " breadth has it: at that of its best recall; ~ where time was up before narrower ones,"
          + " or wider, were tried. Bitmaps of the filters were made before.";

  private final Table table;
  private final Map<String, String> leftOut;

  FilterPeerTable(List<FilterRow> ours, FilterPeers peers) {
    leftOut = peers.leftOut();
    List<String> head = new ArrayList<>(List.of("filter", "kind", "matching", "arbalest"));
    head.addAll(peers.names());
    table = new Table(head);
    for (FilterRow our : ours) {
      List<String> cells = new ArrayList<>();
      cells.addAll(List.of(our.filter(), our.kind(), format("%.0f", our.matching())));
      cells.add(format("%.0f (%.4f)", our.meanUs(), our.recall()));
      peers.names().forEach(peer -> cells.add(cell(our, peer, peers.rows())));
      table.add(cells);
    }
  }

  private static String cell(FilterRow our, String peer, List<FilterPeerRow> rows) {
    for (FilterPeerRow row : rows) {
      if (row.system().equals(peer)
          && row.filter().equals(our.filter())
          && row.kind().equals(our.kind())) {
        return row.failure() == null ? cell(row) : "failed";
      }
    }
    return "-";
  }

  /** What stands in a peer's column. */
  static String cell(FilterPeerRow row) {
    String mark = row.reached() ? "" : "best ";
    mark += row.complete() ? "" : "~";
    return mark + format("%.0f (%.4f) %.2fx", row.meanUs(), row.recall(), row.ratio());
  }

  /** For a terminal. */
  String text() {
    return KEY + "\n\n" + table.text() + leftOut("");
  }

  /** For a document. */
  String markdown() {
    return KEY + "\n\n" + table.markdown() + "\n" + leftOut("- ");
  }

  private String leftOut(String bullet) {
    StringBuilder lines = new StringBuilder();
    leftOut.forEach(
        (peer, reason) -> lines.append(format("%sleft out: %s: %s%n", bullet, peer, reason)));
    return lines.toString();
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
