package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.TransferPair;

/**
 * A source as the server wants it: columns chosen and renamed, ids numbered where there are none,
 * metadata of the schema added, batches cut to a size that is one message.
 */
public final class Reshaped implements BatchSource {
  private static final int ROWS_MAX = 8192;

  private final BatchSource source;
  private final BufferAllocator allocator;
  private final List<Column> columns = new ArrayList<>();
  private final BigIntVector numbers;
  private final VectorSchemaRoot root;
  private int from;
  private long nextId;

  /**
   * @param source closed with this
   * @param names what becomes of the source's columns: new name by old name
   * @param numbered name of a column of row numbers to add in front; null for none
   * @param metadata of the schema
   */
  public Reshaped(
      BatchSource source,
      BufferAllocator allocator,
      Map<String, String> names,
      String numbered,
      Map<String, String> metadata) {
    this.source = source;
    this.allocator = allocator;
    List<Field> fields = new ArrayList<>();
    List<FieldVector> vectors = new ArrayList<>();
    if (numbered != null) {
      Field field = new Field(numbered, FieldType.notNullable(new ArrowType.Int(64, true)), null);
      numbers = (BigIntVector) field.createVector(allocator);
      fields.add(field);
      vectors.add(numbers);
    } else {
      numbers = null;
    }
    new LinkedHashMap<>(names)
        .forEach(
            (oldName, newName) -> {
              FieldVector vector = source.root().getVector(oldName);
              Field field = renamed(vector.getField(), newName);
              FieldVector target = field.createVector(allocator);
              fields.add(field);
              vectors.add(target);
              columns.add(new Column(vector, target));
            });
    root = new VectorSchemaRoot(new Schema(fields, metadata), vectors, 0);
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() throws IOException {
    while (from >= source.root().getRowCount()) {
      from = 0;
      if (!source.next()) {
        return false;
      }
    }
    int count = Math.min(rowsPerBatch(), source.root().getRowCount() - from);
    for (Column column : columns) {
      TransferPair pair = column.from().makeTransferPair(column.to());
      pair.splitAndTransfer(from, count);
    }
    if (numbers != null) {
      numbers.allocateNew(count);
      for (int row = 0; row < count; row++) {
        numbers.set(row, nextId + row);
      }
      nextId += count;
    }
    from += count;
    root.setRowCount(count);
    return true;
  }

  @Override
  public void close() throws IOException {
    root.close();
    source.close();
  }

  private int rowsPerBatch() {
    long bytes = 0;
    for (Column column : columns) {
      bytes += column.from().getBufferSize();
    }
    long perRow = Math.max(1, bytes / source.root().getRowCount());
    return (int) Math.max(1, Math.min(ROWS_MAX, TableFiles.BATCH_BYTES / perRow));
  }

  private static Field renamed(Field field, String name) {
    return new Field(name, field.getFieldType(), field.getChildren());
  }

  private record Column(FieldVector from, FieldVector to) {}
}
