package io.arbalest.server.cli.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Comma-separated values as RFC 4180 has them, with a head line of column names. A vector or a list
 * is a JSON array in one (quoted) cell. An empty cell is null.
 */
final class CsvRecords implements Records {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Pattern INTEGER = Pattern.compile("-?(0|[1-9][0-9]{0,17})");
  private static final Pattern NUMBER =
      Pattern.compile("-?[0-9]+(\\.[0-9]*)?([eE][-+]?[0-9]{1,3})?");

  private final Path path;
  private final BufferedReader reader;
  private final List<String> names;
  private long line = 1;
  private long lineNext = 1;

  CsvRecords(Path path) throws IOException {
    this.path = path;
    this.reader = Files.newBufferedReader(path);
    List<String> head = row();
    if (head == null) {
      reader.close();
      throw new IOException(path + ": found an empty file, allowed a head line of column names");
    }
    this.names = head;
  }

  @Override
  public Map<String, Cell> next() throws IOException {
    List<String> cells = row();
    if (cells == null) {
      return null;
    }
    if (cells.size() != names.size()) {
      throw new IOException(
          "%s:%d: found %d cells, allowed %d as the head line has"
              .formatted(path, line, cells.size(), names.size()));
    }
    Map<String, Cell> record = new LinkedHashMap<>();
    for (int i = 0; i < cells.size(); i++) {
      record.put(names.get(i), new Cell(value(cells.get(i)), cells.get(i)));
    }
    return record;
  }

  @Override
  public long line() {
    return line;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private JsonNode value(String cell) throws IOException {
    if (cell.isEmpty()) {
      return JSON.nullNode();
    }
    if (INTEGER.matcher(cell).matches()) {
      return JSON.numberNode(Long.parseLong(cell));
    }
    if (NUMBER.matcher(cell).matches()) {
      return JSON.numberNode(Double.parseDouble(cell));
    }
    if (cell.equals("true") || cell.equals("false")) {
      return JSON.booleanNode(cell.equals("true"));
    }
    if (cell.startsWith("[")) {
      try {
        return MAPPER.readTree(cell);
      } catch (JsonProcessingException e) {
        // Text may begin with a bracket, too.
        return JSON.textNode(cell);
      }
    }
    return JSON.textNode(cell);
  }

  /** The next row's cells; null at the end. A quoted cell may hold commas, quotes and line ends. */
  private List<String> row() throws IOException {
    line = lineNext;
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    boolean any = false;
    for (int c = reader.read(); ; c = reader.read()) {
      if (c < 0) {
        if (quoted) {
          throw new IOException(path + ":" + line + ": a quoted cell does not end");
        }
        break;
      }
      if (c == '\n') {
        lineNext++;
      }
      if (quoted) {
        quoted = c != '"' || escapedQuote(cell);
        if (quoted && c != '"') {
          cell.append((char) c);
        }
      } else if (c == '"' && cell.isEmpty()) {
        quoted = true;
      } else if (c == ',') {
        cells.add(cell.toString());
        cell.setLength(0);
      } else if (c == '\n') {
        if (!any) {
          line = lineNext;
          continue;
        }
        break;
      } else if (c != '\r') {
        cell.append((char) c);
      }
      any |= c != '\r';
    }
    if (!any) {
      return null;
    }
    cells.add(cell.toString());
    return cells;
  }

  /** Whether the quote just read is the first of two, which stand for one. */
  private boolean escapedQuote(StringBuilder cell) throws IOException {
    reader.mark(1);
    if (reader.read() == '"') {
      cell.append('"');
      return true;
    }
    reader.reset();
    return false;
  }
}
