package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The memory of one native call: structs, schemas and arrays in the Arrow C Data Interface, all in
 * one child allocator that {@link #close()} closes, so that a leak is an exception of that very
 * call.
 *
 * <p>Input arrays are borrowed: an {@code ArrowArray} that points at the vector's own buffers and
 * whose release callback frees nothing. That is enough because the library reads an input only
 * during the call, and it spares the copies and reference counts of a general export:
 *
 * <pre>
 * struct ArrowArray {            offset
 *   int64_t length;                   0
 *   int64_t null_count;               8
 *   int64_t offset;                  16   always 0: a sliced vector has buffers of its own
 *   int64_t n_buffers;               24
 *   int64_t n_children;              32
 *   const void **buffers;            40
 *   struct ArrowArray **children;    48
 *   struct ArrowArray *dictionary;   56
 *   void (*release)(…);              64
 *   void *private_data;              72
 * };
 * </pre>
 */
public final class CallScope implements AutoCloseable {
  private static final long ARRAY_BYTES = 80;

  /** Holds all structs of any call of today. */
  private static final long BLOCK_BYTES = 1024;

  private final BufferAllocator allocator;
  private final List<ArrowBuf> buffers = new ArrayList<>();
  private final List<ArrowSchema> schemas = new ArrayList<>();
  private final List<ArrowOutput> outputs = new ArrayList<>();
  private ArrowBuf block;
  private long blockUsed;

  /** A scope within {@link EngineMemory}. */
  public CallScope() {
    this.allocator = EngineMemory.allocator().newChildAllocator("call", 0, Long.MAX_VALUE);
  }

  /**
   * Zeroed memory for a struct until the scope closes: a piece of a block, which spares an
   * allocation a struct.
   *
   * @param bytes at most {@value #BLOCK_BYTES}
   */
  public ArrowBuf memory(long bytes) {
    long rounded = (bytes + 7) & ~7L; // structs hold int64s and pointers
    if (block == null || blockUsed + rounded > BLOCK_BYTES) {
      block = uninitialized(BLOCK_BYTES);
      block.setZero(0, BLOCK_BYTES);
      blockUsed = 0;
    }
    ArrowBuf struct = block.slice(blockUsed, rounded);
    blockUsed += rounded;
    return struct;
  }

  /** Memory for the caller to fill, until the scope closes. */
  public ArrowBuf uninitialized(long bytes) {
    ArrowBuf buffer = allocator.buffer(bytes);
    buffers.add(buffer);
    return buffer;
  }

  /** The address of {@code field} as an {@code ArrowSchema} until the scope closes. */
  public long schema(Field field) {
    ArrowSchema schema = ArrowSchema.allocateNew(allocator);
    schemas.add(schema);
    Data.exportField(allocator, field, null, schema);
    return schema.memoryAddress();
  }

  /** An array of int64 that borrows {@code ids}. */
  public long borrow(String name, BigIntVector ids) {
    return borrowFixedWidth(name, ids);
  }

  /** An array of fixed-size lists that borrows {@code vectors}. */
  public long borrow(String name, FixedSizeListVector vectors) {
    FieldVector child = vectors.getDataVector();
    if (!isComponentType(child)) {
      throw ArbalestException.invalid(
          "%s: found components of %s, allowed float16, float32, float64, int8, uint8",
          name, child.getField().getType());
    }
    long rows = vectors.getValueCount();
    if (child.getValueCount() < rows * vectors.getListSize()) {
      throw ArbalestException.invalid(
          "%s: found %d components, %d rows of %d need %d",
          name, child.getValueCount(), rows, vectors.getListSize(), rows * vectors.getListSize());
    }
    int nulls = vectors.getNullCount();
    long validity = validity(name, vectors.getValidityBuffer(), nulls, rows);
    return fixedSizeList(
        rows, validity, nulls, borrowFixedWidth(name, (BaseFixedWidthVector) child));
  }

  /** An array of int64 with a copy of {@code values}. */
  public long copy(long[] values) {
    ArrowBuf buffer = uninitialized(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.setLong(8L * i, values[i]);
    }
    return primitive(values.length, 0, 0, buffer.memoryAddress());
  }

  /**
   * An array of fixed-size lists of float32 with a copy of {@code vectors}.
   *
   * @throws ArbalestException INVALID_ARGUMENT if one is null or has not {@code dimension}
   *     components
   */
  public long copy(String name, float[][] vectors, int dimension) {
    long rowBytes = 4L * dimension;
    ArrowBuf buffer = uninitialized(rowBytes * vectors.length);
    for (int i = 0; i < vectors.length; i++) {
      float[] vector = vectors[i];
      if (vector == null || vector.length != dimension) {
        checkLength(name + "[" + i + "]", vector, dimension);
      }
      buffer
          .nioBuffer(rowBytes * i, (int) rowBytes)
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer()
          .put(vector);
    }
    long values = primitive((long) vectors.length * dimension, 0, 0, buffer.memoryAddress());
    return fixedSizeList(vectors.length, 0, 0, values);
  }

  /**
   * Returns if {@code vector} has {@code dimension} components.
   *
   * @throws ArbalestException INVALID_ARGUMENT otherwise
   */
  public static void checkLength(String name, float[] vector, int dimension) {
    if (vector == null) {
      throw ArbalestException.invalid("%s: found null, allowed %d components", name, dimension);
    }
    if (vector.length != dimension) {
      throw ArbalestException.invalid(
          "%s: found %d components, allowed %d", name, vector.length, dimension);
    }
  }

  /** The batch {@code struct<id, vector>} of two arrays of this scope. */
  public long struct(long rows, long ids, long vectors) {
    ArrowBuf children = memory(16);
    children.setLong(0, ids);
    children.setLong(8, vectors);
    return array(rows, 0, new long[] {0}, 2, children.memoryAddress());
  }

  /** Empty structs for the call to fill, until the scope closes. */
  public ArrowOutput output() {
    ArrowOutput output = new ArrowOutput(allocator);
    outputs.add(output);
    return output;
  }

  @Override
  public void close() {
    for (ArrowSchema schema : schemas) {
      schema.release();
      schema.close();
    }
    for (ArrowOutput output : outputs) {
      output.close();
    }
    for (ArrowBuf buffer : buffers) {
      buffer.close();
    }
    allocator.close();
  }

  private long borrowFixedWidth(String name, BaseFixedWidthVector vector) {
    long count = vector.getValueCount();
    ArrowBuf data = vector.getDataBuffer();
    if (data.capacity() < count * vector.getTypeWidth()) {
      throw ArbalestException.invalid(
          "%s: found a data buffer of %d bytes, %d values need %d",
          name, data.capacity(), count, count * vector.getTypeWidth());
    }
    int nulls = vector.getNullCount();
    return primitive(
        count,
        validity(name, vector.getValidityBuffer(), nulls, count),
        nulls,
        data.memoryAddress());
  }

  private static long validity(String name, ArrowBuf bits, int nulls, long count) {
    if (nulls == 0) {
      return 0; // the interface lets a null-free array go without its bitmap
    }
    if (bits.capacity() < (count + 7) / 8) {
      throw ArbalestException.invalid(
          "%s: found a validity buffer of %d bytes, %d values need %d",
          name, bits.capacity(), count, (count + 7) / 8);
    }
    return bits.memoryAddress();
  }

  private long fixedSizeList(long rows, long validity, int nulls, long child) {
    ArrowBuf children = memory(8);
    children.setLong(0, child);
    return array(rows, nulls, new long[] {validity}, 1, children.memoryAddress());
  }

  private long primitive(long count, long validity, int nulls, long data) {
    return array(count, nulls, new long[] {validity, data}, 0, 0);
  }

  private long array(long length, int nulls, long[] pointers, int children, long childList) {
    ArrowBuf list = memory(8L * pointers.length);
    for (int i = 0; i < pointers.length; i++) {
      list.setLong(8L * i, pointers[i]);
    }
    ArrowBuf array = memory(ARRAY_BYTES);
    array.setLong(0, length);
    array.setLong(8, nulls);
    array.setLong(24, pointers.length);
    array.setLong(32, children);
    array.setLong(40, list.memoryAddress());
    array.setLong(48, childList);
    array.setLong(64, Native.arb_jni_release_borrowed());
    return array.memoryAddress();
  }

  private static boolean isComponentType(FieldVector child) {
    return child instanceof Float2Vector
        || child instanceof Float4Vector
        || child instanceof Float8Vector
        || child instanceof TinyIntVector
        || child instanceof UInt1Vector;
  }
}
