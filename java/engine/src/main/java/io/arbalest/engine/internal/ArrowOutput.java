package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import io.arbalest.engine.CastBatch;
import io.arbalest.engine.ElementType;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * An empty {@code ArrowSchema} and {@code ArrowArray} for one native call to fill, and what became
 * of them as vectors of the caller's allocator. Lies in the memory of a {@link CallScope}.
 *
 * <p>The values are copied, once and in bulk. Arrow's importer would adopt them without a copy, but
 * where the caller's allocator has no room it keeps its struct and the native answer for ever; and
 * an answer of a thousand hits is 16 KB.
 */
public final class ArrowOutput {
  private final long schema;
  private final long array;

  ArrowOutput(CallScope scope) {
    this.schema = scope.struct(ArrowStructs.SCHEMA_BYTES);
    this.array = scope.struct(ArrowStructs.ARRAY_BYTES);
  }

  /** Address of the {@code ArrowSchema}. */
  public long schema() {
    return schema;
  }

  /** Address of the {@code ArrowArray}. */
  public long array() {
    return array;
  }

  /**
   * The answer of a search: {@code query: uint32, id: int64, distance: float32}, to be closed by
   * the caller.
   *
   * @throws ArbalestException RESOURCE_EXHAUSTED if {@code target} has no room; nothing is kept
   */
  public List<FieldVector> hits(BufferAllocator target) {
    int count = Math.toIntExact(ArrowStructs.length(array));
    List<FieldVector> columns =
        List.of(
            new UInt4Vector(ArrowFields.QUERY, target),
            new BigIntVector(ArrowFields.ID, target),
            new Float4Vector(ArrowFields.DISTANCE, target));
    try {
      for (int column = 0; column < columns.size(); column++) {
        BaseFixedWidthVector values = (BaseFixedWidthVector) columns.get(column);
        values.allocateNew(count);
        copyLeaf(ArrowStructs.child(array, column), ArrowStructs.offset(array), count, values);
      }
    } catch (OutOfMemoryException e) {
      columns.forEach(FieldVector::close);
      throw noRoom(target, count + " hits", e);
    }
    return columns;
  }

  /** The columns of {@link #hits} as one. */
  public static VectorSchemaRoot root(List<FieldVector> columns) {
    return new VectorSchemaRoot(ArrowFields.HITS, columns, columns.get(0).getValueCount());
  }

  /**
   * Stored vectors: {@code fixed_size_list<element>[dimension]}, with nulls.
   *
   * @throws ArbalestException RESOURCE_EXHAUSTED if {@code target} has no room; nothing is kept
   */
  public FixedSizeListVector lists(BufferAllocator target, ElementType element, int dimension) {
    return lists(array, target, element, dimension);
  }

  /**
   * Cast vectors with the messages of the bad ones: {@code struct<vector, error: utf8>}.
   *
   * @throws ArbalestException RESOURCE_EXHAUSTED if {@code target} has no room; nothing is kept
   */
  public CastBatch casts(BufferAllocator target, ElementType element, int dimension) {
    long list = ArrowStructs.child(array, 0);
    return new CastBatch(
        lists(list, target, element, dimension), texts(ArrowStructs.child(array, 1)));
  }

  /** The texts of a utf8 column that are not null, by row; written by the library, offset 0. */
  private static Map<Integer, String> texts(long column) {
    int count = Math.toIntExact(ArrowStructs.length(column));
    if (ArrowStructs.nullCount(column) == count) {
      return Map.of();
    }
    long validity = ArrowStructs.buffer(column, 0);
    long ends = ArrowStructs.buffer(column, 1);
    long bytes = ArrowStructs.buffer(column, 2);
    Map<Integer, String> texts = new HashMap<>();
    for (int row = 0; row < count; row++) {
      if ((MemoryUtil.getByte(validity + row / 8) >> (row % 8) & 1) != 0) {
        int start = MemoryUtil.getInt(ends + 4L * row);
        byte[] text = new byte[MemoryUtil.getInt(ends + 4L * row + 4) - start];
        MemoryUtil.copyFromMemory(bytes + start, text, 0, text.length);
        texts.put(row, new String(text, StandardCharsets.UTF_8));
      }
    }
    return texts;
  }

  private static FixedSizeListVector lists(
      long array, BufferAllocator target, ElementType element, int dimension) {
    int count = Math.toIntExact(ArrowStructs.length(array));
    long offset = ArrowStructs.offset(array);
    FixedSizeListVector lists =
        (FixedSizeListVector) ArrowFields.stored(element, dimension).createVector(target);
    try {
      lists.setInitialCapacity(count);
      lists.allocateNew();
      copyValidity(ArrowStructs.buffer(array, 0), offset, count, lists);
      copyLeaf(
          ArrowStructs.child(array, 0),
          offset * dimension,
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
  private static void copyLeaf(long leaf, long first, int count, BaseFixedWidthVector target) {
    int width = target.getTypeWidth();
    if (count > 0) {
      long values = ArrowStructs.buffer(leaf, 1) + (ArrowStructs.offset(leaf) + first) * width;
      MemoryUtil.copyMemory(values, target.getDataBufferAddress(), (long) count * width);
      target.getValidityBuffer().setOne(0L, (count + 7L) / 8);
    }
    target.setValueCount(count);
  }

  private static void copyValidity(
      long bitmap, long offset, int count, FixedSizeListVector target) {
    for (int row = 0; row < count; row++) {
      long bit = offset + row;
      if (bitmap == 0 || (MemoryUtil.getByte(bitmap + bit / 8) >> (bit % 8) & 1) != 0) {
        target.setNotNull(row);
      }
    }
  }

  /** Frees the native answer, where the call gave one. */
  void release() {
    Native.arb_jni_release_answer(schema, array);
  }
}
