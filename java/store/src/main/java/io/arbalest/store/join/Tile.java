package io.arbalest.store.join;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Some rows of the left side: ids and vectors, none of them null. Only read.
 *
 * @param ids the rows' ids
 * @param vectors the rows' vectors
 */
public record Tile(FieldVector ids, FixedSizeListVector vectors) {
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
      int width = ((BaseFixedWidthVector) vectors.getDataVector()).getTypeWidth();
      long bytes = (long) width * dimension;
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
