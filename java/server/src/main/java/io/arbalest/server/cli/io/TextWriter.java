package io.arbalest.server.cli.io;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Rows as text: a JSON object a line, or comma-separated values with a head line. */
public final class TextWriter implements BatchWriter {
  private final Writer out;
  private final boolean csv;
  private final boolean closes;
  private boolean headWritten;

  private TextWriter(Writer out, boolean csv, boolean closes) {
    this.out = out;
    this.csv = csv;
    this.closes = closes;
  }

  static TextWriter jsonLines(Path path) throws IOException {
    return new TextWriter(Files.newBufferedWriter(path), false, true);
  }

  static TextWriter csv(Path path) throws IOException {
    return new TextWriter(Files.newBufferedWriter(path), true, true);
  }

  /** JSON lines to a writer that stays open. */
  public static TextWriter jsonLines(Writer out) {
    return new TextWriter(out, false, false);
  }

  @Override
  public void write(VectorSchemaRoot root) throws IOException {
    if (csv && !headWritten) {
      headWritten = true;
      line(root.getFieldVectors().stream().map(v -> quoted(v.getName())));
    }
    for (int row = 0; row < root.getRowCount(); row++) {
      if (csv) {
        int at = row;
        line(root.getFieldVectors().stream().map(v -> cell(v, at)));
      } else {
        out.write(Cells.row(root, row).toString());
        out.write('\n');
      }
    }
  }

  @Override
  public void close() throws IOException {
    out.flush();
    if (closes) {
      out.close();
    }
  }

  private void line(Stream<String> cells) throws IOException {
    out.write(cells.collect(Collectors.joining(",")));
    out.write('\n');
  }

  private static String cell(FieldVector vector, int row) {
    JsonNode value = Cells.value(vector, row);
    return value.isNull() ? "" : quoted(value.isTextual() ? value.textValue() : value.toString());
  }

  private static String quoted(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
