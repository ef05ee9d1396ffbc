package io.arbalest.store.query;

import io.arbalest.store.shard.ShardState;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Fills the columns of an answer that come from rows: id, metadata, vector. The root's vectors have
 * room already.
 */
final class RowReader {
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
    int last = root.getFieldVectors().size() - 1;
    vectorOut =
        new VectorOut(
            root.getVector(last),
            schema.vectorsAs(),
            state.spec().element(),
            state.spec().dimension());
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

  /** Copies vectors that {@link #fetch} brought to index {@code at} on. */
  void copyVectors(FixedSizeListVector vectors, int at) {
    vectorOut.copy(vectors, at);
  }

  /**
   * The stored vectors of rows, null where one was deleted; to be closed by the caller.
   *
   * @param allocator accounts for them
   */
  static FixedSizeListVector fetch(
      ShardState state, int[] rows, int count, BufferAllocator allocator) {
    try (BigIntVector numbers = new BigIntVector("row", allocator)) {
      numbers.allocateNew(count);
      for (int i = 0; i < count; i++) {
        numbers.set(i, rows[i]);
      }
      numbers.setValueCount(count);
      return state.index().vectors(numbers, allocator);
    }
  }
}
