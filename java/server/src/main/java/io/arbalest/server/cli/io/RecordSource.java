package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A text file as batches. The first {@value #SAMPLE} records decide each column's type; a later
 * value that does not fit is an error that names line and column.
 */
final class RecordSource implements BatchSource {
  private static final int SAMPLE = 1000;
  private static final int ROWS_PER_BATCH = 1000;

  private final Path path;
  private final Records records;
  private final ArrayDeque<Numbered> ahead = new ArrayDeque<>();
  private final Map<String, ColumnKind> kinds = new LinkedHashMap<>();
  private final VectorSchemaRoot root;

  RecordSource(Path path, Records records, BufferAllocator allocator) throws IOException {
    this.path = path;
    this.records = records;
    boolean opened = false;
    try {
      sample();
      root = VectorSchemaRoot.create(schema(), allocator);
      opened = true;
    } finally {
      if (!opened) {
        records.close();
      }
    }
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() throws IOException {
    root.allocateNew();
    int rows = 0;
    while (rows < ROWS_PER_BATCH) {
      Numbered record = read();
      if (record == null) {
        break;
      }
      set(record, rows);
      rows++;
    }
    root.setRowCount(rows);
    return rows > 0;
  }

  @Override
  public void close() throws IOException {
    root.close();
    records.close();
  }

  private void set(Numbered record, int row) throws IOException {
    for (String name : record.cells().keySet()) {
      if (!kinds.containsKey(name)) {
        throw at(record.line(), name, "found a new column after the first " + SAMPLE + " records");
      }
    }
    for (Map.Entry<String, ColumnKind> column : kinds.entrySet()) {
      Records.Cell cell = record.cells().get(column.getKey());
      FieldVector vector = root.getVector(column.getKey());
      try {
        if (cell == null) {
          vector.setNull(row);
        } else {
          column.getValue().set(vector, row, cell);
        }
      } catch (IllegalArgumentException e) {
        throw at(record.line(), column.getKey(), e.getMessage());
      }
    }
  }

  private Numbered read() throws IOException {
    if (!ahead.isEmpty()) {
      return ahead.poll();
    }
    Map<String, Records.Cell> cells = records.next();
    return cells == null ? null : new Numbered(records.line(), cells);
  }

  private void sample() throws IOException {
    Set<String> textual = new HashSet<>();
    while (ahead.size() < SAMPLE) {
      Map<String, Records.Cell> cells = records.next();
      if (cells == null) {
        break;
      }
      Numbered record = new Numbered(records.line(), cells);
      ahead.add(record);
      for (Map.Entry<String, Records.Cell> cell : cells.entrySet()) {
        learn(record.line(), cell.getKey(), cell.getValue(), textual);
      }
    }
    if (ahead.isEmpty()) {
      throw new IOException(path + ": found no records");
    }
    // A column of nothing but nulls could be anything; text holds whatever comes.
    kinds.replaceAll((name, kind) -> kind == null ? ColumnKind.UTF8 : kind);
  }

  private void learn(long line, String name, Records.Cell cell, Set<String> textual)
      throws IOException {
    ColumnKind found;
    try {
      found = ColumnKind.of(cell.value());
    } catch (IllegalArgumentException e) {
      throw at(line, name, e.getMessage());
    }
    ColumnKind before = kinds.get(name);
    ColumnKind merged = ColumnKind.merge(before, found);
    boolean conflict = merged == null && before != null && found != null;
    if (conflict && cell.text() == null) {
      throw at(line, name, "found " + found + ", allowed " + before + " as before it");
    }
    if (conflict) {
      textual.add(name);
    }
    kinds.put(name, textual.contains(name) ? ColumnKind.UTF8 : merged);
  }

  private Schema schema() {
    List<Field> fields = new ArrayList<>();
    kinds.forEach((name, kind) -> fields.add(kind.field(name, isNullable(name), dimension(name))));
    return new Schema(fields);
  }

  private static boolean isNullable(String name) {
    return !name.equals(TableFiles.ID) && !name.equals(TableFiles.VECTOR);
  }

  private int dimension(String name) {
    return ahead.stream()
        .map(record -> record.cells().get(name))
        .filter(cell -> cell != null && cell.value().isArray() && !cell.value().isEmpty())
        .findFirst()
        .map(cell -> cell.value().size())
        .orElse(1);
  }

  private IOException at(long line, String column, String what) {
    return new IOException("%s:%d: column '%s': %s".formatted(path, line, column, what));
  }

  private record Numbered(long line, Map<String, Records.Cell> cells) {}
}
