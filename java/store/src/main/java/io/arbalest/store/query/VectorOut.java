package io.arbalest.store.query;

import io.arbalest.store.VectorsAs;
import io.arbalest.store.shard.ShardState;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;

/**
 * The {@code vector} column of an answer. The engine writes stored rows straight into its buffers,
 * in the form that was asked for.
 */
final class VectorOut {
  private final FieldVector target;
  private final VectorsAs form;
  private final int dimension;

  /**
   * @param target the column; unused where the form is none
   */
  VectorOut(FieldVector target, VectorsAs form, int dimension) {
    this.target = target;
    this.form = form;
    this.dimension = dimension;
  }

  /** Makes room for this many vectors. */
  void reserve(int count) {
    switch (form) {
      case NONE -> {}
      case SQ8 -> {
        StructVector struct = (StructVector) target;
        struct.setInitialCapacity(count);
        ((Float4Vector) struct.getChildByOrdinal(0)).setInitialCapacity(count);
        ((Float4Vector) struct.getChildByOrdinal(1)).setInitialCapacity(count);
        reserve((FixedSizeListVector) struct.getChildByOrdinal(2), count);
        struct.allocateNew();
      }
      case FLOAT16, FLOAT32 -> {
        reserve((FixedSizeListVector) target, count);
        target.allocateNew();
      }
    }
  }

  private void reserve(FixedSizeListVector list, int count) {
    list.setInitialCapacity(count);
    list.getDataVector().setInitialCapacity(count * dimension);
  }

  /**
   * Writes the stored vectors of rows from index {@code at} on, for which there is room.
   *
   * @param allocator accounts for the row numbers meanwhile
   * @return whether all of them live; those that do not are null
   */
  boolean write(ShardState state, int[] rows, int count, int at, BufferAllocator allocator) {
    if (form == VectorsAs.NONE || count == 0) {
      return true;
    }
    try (BigIntVector numbers = RowReader.numbers(rows, count, allocator)) {
      return state.index().vectorsInto(numbers, target, at) == 0;
    }
  }

  /** Whether the vector at an index, once written, is null. */
  boolean isNull(int index) {
    return target.isNull(index);
  }
}
