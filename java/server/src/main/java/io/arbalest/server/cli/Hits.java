package io.arbalest.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchStats;
import io.arbalest.server.cli.io.Cells;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.StringJoiner;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Prints hits: a table for people, JSON lines for programs; how they were found goes to errors. */
final class Hits {
  private final boolean json;
  private final PrintWriter out;
  private final PrintWriter err;
  private boolean headPrinted;
  private SearchStats stats;

  Hits(boolean json, PrintWriter out, PrintWriter err) {
    this.json = json;
    this.out = out;
    this.err = err;
  }

  void print(ResultStream results) {
    VectorSchemaRoot root = results.root();
    if (!json && !headPrinted) {
      headPrinted = true;
      StringJoiner head = new StringJoiner("\t");
      root.getFieldVectors().forEach(vector -> head.add(vector.getName()));
      out.println(head);
    }
    for (int row = 0; row < root.getRowCount(); row++) {
      ObjectNode hit = Cells.row(root, row);
      out.println(json ? hit.toString() : line(hit));
    }
    results.stats().ifPresent(found -> stats = found);
  }

  void finish() {
    out.flush();
    if (stats != null && !json) {
      err.printf(
          "strategy %s, %d distances computed%s%s%n",
          stats.strategy(),
          stats.visited(),
          stats.cached() ? ", from the cache" : "",
          stats.exhausted() ? ", fewer rows live than were asked for" : "");
      err.flush();
    }
  }

  private static String line(ObjectNode hit) {
    StringJoiner line = new StringJoiner("\t");
    for (Iterator<JsonNode> cells = hit.elements(); cells.hasNext(); ) {
      JsonNode cell = cells.next();
      line.add(cell.isTextual() ? cell.textValue() : cell.toString());
    }
    return line.toString();
  }
}
