package io.arbalest.store.join;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Some rows of the left side: ids and stored vectors, none of them null. A view of what a scan has
 * just read.
 *
 * @param ids the rows' ids
 * @param vectors the rows' vectors
 */
record Tile(FieldVector ids, FixedSizeListVector vectors) {
  /** The rows in a scan's root: {@code id}, then {@code vector}. */
  static Tile of(VectorSchemaRoot rows) {
    return new Tile(rows.getVector(0), (FixedSizeListVector) rows.getVector(1));
  }

  int rows() {
    return ids.getValueCount();
  }

  /** Copies the vectors of some rows, to be closed by the caller. */
  FixedSizeListVector gather(int[] rows, int first, int count, BufferAllocator allocator) {
    FixedSizeListVector copy = (FixedSizeListVector) vectors.getField().createVector(allocator);
    try {
      int dimension = vectors.getListSize();
      copy.setInitialCapacity(count);
      copy.getDataVector().setInitialCapacity(count * dimension);
      copy.allocateNew();
      for (int i = 0; i < count; i++) {
        copy.setNotNull(i);
      }
      copy.getDataVector().setValueCount(count * dimension);
      ArrowBuf from = vectors.getDataVector().getDataBuffer();
      ArrowBuf to = copy.getDataVector().getDataBuffer();
      long bytes = from.readableBytes() / rows();
      for (int i = 0; i < count; i++) {
        to.setBytes(i * bytes, from, rows[first + i] * bytes, bytes);
      }
      markPresent(copy.getDataVector());
      copy.setValueCount(count);
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  private static void markPresent(FieldVector values) {
    ArrowBuf validity = values.getValidityBuffer();
    validity.setOne(0, validity.capacity());
  }
}
