package io.arbalest.store.batch;

import io.arbalest.engine.VectorIndex;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.schema.ColumnTypes;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Makes a log payload of what a client puts: checks it against the dataset, brings the columns into
 * the dataset's order and the vectors into its element type. Thread-safe.
 */
public final class PutEncoder {
  private final DatasetSpec spec;
  private final VectorIndex index;

  /**
   * @param index casts vectors as it will when the log is applied
   */
  public PutEncoder(DatasetSpec spec, VectorIndex index) {
    this.spec = spec;
    this.index = index;
  }

  /**
   * Refuses a schema that does not fit the dataset. Columns go by name, in any order; a nullable
   * column may be missing; vectors may have any component type that can be cast.
   *
   * @throws StoreException INVALID_ARGUMENT naming the column, what was found and what is allowed
   */
  public void checkSchema(Schema schema) {
    List<String> names = new ArrayList<>();
    for (Field field : schema.getFields()) {
      if (names.contains(field.getName())) {
        throw StoreException.invalid("column '%s': the name occurs twice", field.getName());
      }
      names.add(field.getName());
      checkField(field);
    }
    require(names, DatasetSpec.ID);
    require(names, DatasetSpec.VECTOR);
    for (Field column : spec.columns()) {
      if (!column.isNullable()) {
        require(names, column.getName());
      }
    }
  }

  private static void require(List<String> names, String name) {
    if (!names.contains(name)) {
      throw StoreException.invalid("column '%s': it is required and missing", name);
    }
  }

  private void checkField(Field field) {
    String name = field.getName();
    if (name.equals(DatasetSpec.ID)) {
      ColumnTypes.checkSame(field, spec.idField());
    } else if (name.equals(DatasetSpec.VECTOR)) {
      int dimension = ColumnTypes.vectorDimension(field);
      if (dimension != spec.dimension()) {
        throw StoreException.invalid(
            "column 'vector': found dimension %d, allowed %d", dimension, spec.dimension());
      }
    } else {
      Field column = spec.column(name);
      if (column == null) {
        throw StoreException.invalid(
            "column '%s': dataset '%s' has none of that name, allowed %s; to add it, use the action"
                + " add-columns, or set the schema's metadata '%s' to 'true'",
            name,
            spec.name(),
            spec.columns().stream().map(Field::getName).toList(),
            DatasetSpec.ADD_COLUMNS_KEY);
      }
      ColumnTypes.checkSame(field, column);
    }
  }

  /**
   * The payload of a put.
   *
   * @return memory of the allocator from 0 to its writer index, to be closed by the caller
   * @throws StoreException INVALID_ARGUMENT naming column and row; nothing is kept then
   */
  public ArrowBuf encode(VectorSchemaRoot batch, BufferAllocator allocator) {
    checkSchema(batch.getSchema());
    int rows = batch.getRowCount();
    if (rows < 1 || rows > StoreLimits.BATCH_ROWS_MAX) {
      throw StoreException.invalid(
          "batch: found %d rows, allowed 1..%d", rows, StoreLimits.BATCH_ROWS_MAX);
    }
    for (FieldVector column : batch.getFieldVectors()) {
      checkRows(column, rows);
    }
    FieldVector ids = batch.getVector(DatasetSpec.ID);
    checkIds(ids, spec.idType());
    FixedSizeListVector given = (FixedSizeListVector) batch.getVector(DatasetSpec.VECTOR);
    try (FixedSizeListVector vectors = index.cast(given, allocator);
        Nulls nulls = new Nulls(rows, allocator)) {
      BatchCodec.Parts parts = new BatchCodec.Parts(rows, allocator);
      parts.add(ids);
      parts.add(vectors);
      for (Field column : spec.columns()) {
        FieldVector values = batch.getVector(column.getName());
        if (values == null) {
          parts.add(nulls.of(column));
        } else {
          checkValues(values, column, rows);
          parts.add(values);
        }
      }
      return checkSize(BatchCodec.encode(parts));
    }
  }

  private static void checkRows(FieldVector column, int rows) {
    if (column.getValueCount() != rows) {
      throw StoreException.invalid(
          "column '%s': found %d rows, allowed %d as the batch has",
          column.getName(), column.getValueCount(), rows);
    }
  }

  private static ArrowBuf checkSize(ArrowBuf payload) {
    long bytes = payload.writerIndex();
    if (bytes > StoreLimits.BATCH_BYTES_MAX) {
      payload.close();
      throw StoreException.invalid(
          "batch: found %d bytes, allowed 1..%d", bytes, StoreLimits.BATCH_BYTES_MAX);
    }
    return payload;
  }

  /** Refuses ids that are null or too long. */
  static void checkIds(FieldVector ids, IdType type) {
    for (int row = 0; row < ids.getValueCount(); row++) {
      if (ids.isNull(row)) {
        throw StoreException.invalid("column 'id': row %d is null", row);
      }
      if (type == IdType.UTF8) {
        int bytes = ((VarCharVector) ids).getValueLength(row);
        if (bytes < 1 || bytes > StoreLimits.ID_BYTES_MAX) {
          throw StoreException.invalid(
              "column 'id': row %d: found %d bytes, allowed 1..%d",
              row, bytes, StoreLimits.ID_BYTES_MAX);
        }
      }
    }
  }

  private static void checkValues(FieldVector values, Field column, int rows) {
    if (!column.isNullable() && values.getNullCount() > 0) {
      int row = 0;
      while (!values.isNull(row)) {
        row++;
      }
      throw StoreException.invalid(
          "column '%s': row %d is null, and the column is not nullable", column.getName(), row);
    }
    if (values instanceof VarCharVector texts) {
      for (int row = 0; row < rows; row++) {
        checkLength(column, row, texts.isNull(row) ? 0 : texts.getValueLength(row));
      }
    } else if (values instanceof ListVector lists) {
      VarCharVector texts = (VarCharVector) lists.getDataVector();
      for (int row = 0; row < rows; row++) {
        checkLength(column, row, lists.isNull(row) ? 0 : listBytes(lists, texts, row));
      }
    }
  }

  /** As a row store counts it: every text with its length of 4 bytes. */
  private static long listBytes(ListVector lists, VarCharVector texts, int row) {
    int start = lists.getElementStartIndex(row);
    int end = lists.getElementEndIndex(row);
    return start == end
        ? 0
        : 4L * (end - start) + texts.getEndOffset(end - 1) - texts.getStartOffset(start);
  }

  private static void checkLength(Field column, int row, long bytes) {
    if (bytes > StoreLimits.VALUE_BYTES_MAX) {
      throw StoreException.invalid(
          "column '%s': row %d: found %d bytes, allowed 0..%d",
          column.getName(), row, bytes, StoreLimits.VALUE_BYTES_MAX);
    }
  }

  /** Columns that the client left out. */
  private static final class Nulls implements AutoCloseable {
    private final List<FieldVector> made = new ArrayList<>();
    private final int rows;
    private final BufferAllocator allocator;

    Nulls(int rows, BufferAllocator allocator) {
      this.rows = rows;
      this.allocator = allocator;
    }

    FieldVector of(Field field) {
      FieldVector nulls = field.createVector(allocator);
      made.add(nulls);
      nulls.setInitialCapacity(rows);
      nulls.allocateNew();
      nulls.setValueCount(rows);
      return nulls;
    }

    @Override
    public void close() {
      made.forEach(FieldVector::close);
    }
  }
}
