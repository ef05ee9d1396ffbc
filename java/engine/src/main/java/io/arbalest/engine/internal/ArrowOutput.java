package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import io.arbalest.engine.ElementType;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * An empty {@code ArrowSchema} and {@code ArrowArray} for one native call to fill, and what became
 * of them as vectors of the caller's allocator.
 *
 * <p>The values are copied, once and in bulk. Arrow's importer would adopt them without a copy, but
 * where the caller's allocator has no room it keeps its struct and the native answer for ever; and
 * an answer of a thousand hits is 16 KB.
 */
public final class ArrowOutput implements AutoCloseable {
  private final ArrowSchema schema;
  private final ArrowArray array;

  ArrowOutput(BufferAllocator allocator) {
    this.schema = ArrowSchema.allocateNew(allocator);
    this.array = ArrowArray.allocateNew(allocator);
  }

  /** Address of the {@code ArrowSchema}. */
  public long schema() {
    return schema.memoryAddress();
  }

  /** Address of the {@code ArrowArray}. */
  public long array() {
    return array.memoryAddress();
  }

  /**
   * The answer of a search: {@code query: uint32, id: int64, distance: float32}.
   *
   * @throws ArbalestException RESOURCE_EXHAUSTED if {@code target} has no room; nothing is kept
   */
  public VectorSchemaRoot hits(BufferAllocator target) {
    ArrowArray.Snapshot root = array.snapshot();
    int count = Math.toIntExact(root.length);
    UInt4Vector queries = new UInt4Vector(ArrowFields.query(), target);
    BigIntVector ids = new BigIntVector(ArrowFields.ids(), target);
    Float4Vector distances = new Float4Vector(ArrowFields.distance(), target);
    VectorSchemaRoot hits = VectorSchemaRoot.of(queries, ids, distances);
    try {
      for (int column = 0; column < 3; column++) {
        BaseFixedWidthVector values = (BaseFixedWidthVector) hits.getVector(column);
        values.allocateNew(count);
        copyLeaf(child(root, column), root.offset, count, values);
      }
      hits.setRowCount(count);
      return hits;
    } catch (OutOfMemoryException e) {
      hits.close();
      throw noRoom(target, count + " hits", e);
    }
  }

  /**
   * Stored vectors: {@code fixed_size_list<element>[dimension]}, with nulls.
   *
   * @throws ArbalestException RESOURCE_EXHAUSTED if {@code target} has no room; nothing is kept
   */
  public FixedSizeListVector lists(BufferAllocator target, ElementType element, int dimension) {
    ArrowArray.Snapshot root = array.snapshot();
    int count = Math.toIntExact(root.length);
    FixedSizeListVector lists =
        (FixedSizeListVector) ArrowFields.stored(element, dimension).createVector(target);
    try {
      lists.setInitialCapacity(count);
      lists.allocateNew();
      copyValidity(root, count, lists);
      copyLeaf(
          child(root, 0),
          root.offset * dimension,
          Math.multiplyExact(count, dimension),
          (BaseFixedWidthVector) lists.getDataVector());
      lists.setValueCount(count);
      return lists;
    } catch (OutOfMemoryException e) {
      lists.close();
      throw noRoom(target, count + " vectors", e);
    }
  }

  private static ArbalestException noRoom(
      BufferAllocator target, String what, OutOfMemoryException cause) {
    return new ArbalestException(
        Status.RESOURCE_EXHAUSTED,
        String.format(
            "allocator: found %d of at most %d bytes taken in '%s', no room for %s",
            target.getAllocatedMemory(), target.getLimit(), target.getName(), what),
        cause);
  }

  /** Copies {@code count} values from {@code first} on; the leaves of an answer have no nulls. */
  private static void copyLeaf(
      ArrowArray.Snapshot leaf, long first, int count, BaseFixedWidthVector target) {
    int width = target.getTypeWidth();
    if (count > 0) {
      long values = pointer(leaf.buffers, 1) + (leaf.offset + first) * width;
      MemoryUtil.copyMemory(values, target.getDataBufferAddress(), (long) count * width);
      target.getValidityBuffer().setOne(0L, (count + 7L) / 8);
    }
    target.setValueCount(count);
  }

  private static void copyValidity(
      ArrowArray.Snapshot root, int count, FixedSizeListVector target) {
    long bitmap = pointer(root.buffers, 0);
    for (int row = 0; row < count; row++) {
      long bit = root.offset + row;
      if (bitmap == 0 || (MemoryUtil.getByte(bitmap + bit / 8) >> (bit % 8) & 1) != 0) {
        target.setNotNull(row);
      }
    }
  }

  private static ArrowArray.Snapshot child(ArrowArray.Snapshot parent, int number) {
    return ArrowArray.wrap(pointer(parent.children, number)).snapshot();
  }

  /** Entry {@code number} of a list of pointers. */
  private static long pointer(long list, int number) {
    return MemoryUtil.getLong(list + 8L * number);
  }

  @Override
  public void close() {
    if (array.snapshot().release != 0) {
      array.release();
    }
    array.close();
    if (schema.snapshot().release != 0) {
      schema.release();
    }
    schema.close();
  }
}
