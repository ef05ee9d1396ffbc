package io.arbalest.store.query;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.shard.ShardState;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Fills the columns of an answer that come from rows: id, metadata, vector. The root's vectors have
 * room already.
 */
final class RowReader {
  /** Lives never, so that its vector is null. */
  private static final int[] NO_ROW = {-1};

  private final ShardState state;
  private final ResultSchema schema;
  private final VectorSchemaRoot root;
  private final VectorOut vectorOut;

  /**
   * @param schema of {@code root}
   */
  RowReader(ShardState state, ResultSchema schema, VectorSchemaRoot root) {
    this.state = state;
    this.schema = schema;
    this.root = root;
    vectorOut =
        new VectorOut(
            root.getVector(DatasetSpec.VECTOR), schema.vectorsAs(), state.spec().dimension());
  }

  /** Makes room for this many rows in every column. */
  void reserve(int count) {
    int columns = schema.firstColumn() + schema.columns().length;
    for (int i = 0; i < columns; i++) {
      FieldVector vector = root.getVector(i);
      vector.setInitialCapacity(count);
      vector.allocateNew();
    }
    vectorOut.reserve(count);
  }

  /** Copies ids and metadata of rows to index {@code at} on. */
  void copyColumns(int[] rows, int count, FieldVector ids, int at) {
    state.rows().gatherIds(rows, count, ids, at);
    int[] columns = schema.columns();
    for (int i = 0; i < columns.length; i++) {
      FieldVector target = root.getVector(schema.firstColumn() + i);
      state.rows().gather(columns[i], rows, count, target, at);
    }
  }

  /**
   * Writes the vectors of rows to index {@code at} on.
   *
   * @return whether all of them live; see {@link #isVectorNull}
   */
  boolean writeVectors(int[] rows, int count, int at, BufferAllocator allocator) {
    return vectorOut.write(state, rows, count, at, allocator);
  }

  /**
   * Writes the row of a query that could not be searched with: its key or number, the message, and
   * nulls.
   *
   * @param keys of the queries; null where they go by number
   */
  void writeError(int query, String error, FieldVector keys, int at, BufferAllocator allocator) {
    FieldVector queryOut = root.getVector(0);
    if (keys == null) {
      ((UInt4Vector) queryOut).set(at, query);
    } else {
      queryOut.copyFromSafe(query, at, keys);
    }
    int columns = schema.firstColumn() + schema.columns().length;
    for (int i = 1; i < columns; i++) {
      root.getVector(i).setNull(at);
    }
    vectorOut.write(state, NO_ROW, 1, at, allocator);
    VarCharVector errors = (VarCharVector) root.getVector(DatasetSpec.ERROR);
    errors.setSafe(at, error.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether the row whose vector was written to this index had been deleted. */
  boolean isVectorNull(int index) {
    return vectorOut.isNull(index);
  }

  /**
   * The stored vectors of rows, null where one was deleted; to be closed by the caller.
   *
   * @param allocator accounts for them
   */
  static FixedSizeListVector fetch(
      ShardState state, int[] rows, int count, BufferAllocator allocator) {
    try (BigIntVector numbers = numbers(rows, count, allocator)) {
      return state.index().vectors(numbers, allocator);
    }
  }

  /** Row numbers as the engine's ids; to be closed by the caller. */
  static BigIntVector numbers(int[] rows, int count, BufferAllocator allocator) {
    BigIntVector numbers = new BigIntVector("row", allocator);
    numbers.allocateNew(count);
    for (int i = 0; i < count; i++) {
      numbers.set(i, rows[i]);
    }
    numbers.setValueCount(count);
    return numbers;
  }
}
