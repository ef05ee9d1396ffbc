package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;

/**
 * The memory of one native call: structs, and arrays and schemas in the Arrow C Data Interface.
 * {@link #close()} frees all of it. Not thread-safe: a call has its own.
 *
 * <p>Input arrays are borrowed: an {@code ArrowArray} that points at the vector's own buffers and
 * whose release callback frees nothing. That is enough because the library reads an input only
 * during the call, and it spares the copies and reference counts of a general export. Its offset is
 * always 0: a sliced vector has buffers of its own.
 */
public final class CallScope implements AutoCloseable {
  /** Holds all structs of most calls. */
  private static final long BLOCK_BYTES = 1024;

  private final List<ArrowBuf> buffers = new ArrayList<>();
  private ArrowBuf block;
  private long blockUsed;
  private ArrowOutput output;

  /**
   * Zeroed memory for a struct until the scope closes.
   *
   * @param bytes at most {@value #BLOCK_BYTES}
   */
  public ArrowBuf memory(long bytes) {
    long offset = takeOfBlock(bytes);
    return block.slice(offset, blockUsed - offset);
  }

  /** The address of zeroed memory, as of {@link #memory}, for those who need no more. */
  long struct(long bytes) {
    long offset = takeOfBlock(bytes);
    return block.memoryAddress() + offset;
  }

  /** Structs are pieces of a block, which spares an allocation a struct. */
  private long takeOfBlock(long bytes) {
    long rounded = (bytes + 7) & ~7L; // structs hold int64s and pointers
    if (block == null || blockUsed + rounded > BLOCK_BYTES) {
      block = uninitialized(BLOCK_BYTES);
      block.setZero(0, BLOCK_BYTES);
      blockUsed = 0;
    }
    long offset = blockUsed;
    blockUsed += rounded;
    return offset;
  }

  /** Memory for the caller to fill, until the scope closes. */
  public ArrowBuf uninitialized(long bytes) {
    ArrowBuf buffer = EngineMemory.allocator().buffer(bytes);
    buffers.add(buffer);
    return buffer;
  }

  /** The schema {@code id: int64}. */
  public long idsSchema() {
    return ArrowStructs.schema(this, "l", "id");
  }

  /** The schema {@code vector: fixed_size_list<float32>[dimension]}. */
  public long floatsSchema(int dimension) {
    return listsSchema("f", dimension);
  }

  /**
   * The schema of a caller's vectors, under the name that the library expects.
   *
   * @param name of the vectors in messages
   */
  public long schema(String name, FixedSizeListVector vectors) {
    return listsSchema(componentFormat(name, vectors.getDataVector()), vectors.getListSize());
  }

  /** The schema {@code filter: bool}. */
  public long bitsSchema() {
    return ArrowStructs.schema(this, "b", "filter");
  }

  /** The schema {@code struct<id: int64, vector: …>} around a schema of vectors. */
  public long batchSchema(long vectors) {
    return ArrowStructs.schema(this, "+s", "batch", idsSchema(), vectors);
  }

  private long listsSchema(String component, int dimension) {
    return listsSchema("vector", component, dimension);
  }

  private long listsSchema(String name, String component, int dimension) {
    long item = ArrowStructs.schema(this, component, "item");
    return ArrowStructs.schema(this, "+w:" + dimension, name, item);
  }

  /** An array of int64 that borrows {@code ids}. */
  public long borrow(String name, BigIntVector ids) {
    return borrowFixedWidth(name, ids);
  }

  /** An array of booleans that borrows {@code bits}. Nulls are counted where there can be some. */
  public long borrow(String name, BitVector bits) {
    long count = bits.getValueCount();
    checkBits(name, "data", bits.getDataBuffer(), count);
    int nulls = bits.getField().isNullable() ? bits.getNullCount() : 0;
    long validity = validity(name, bits.getValidityBuffer(), nulls, count);
    return ArrowStructs.leaf(this, count, nulls, validity, bits.getDataBuffer().memoryAddress());
  }

  /** An array of fixed-size lists that borrows {@code vectors}. */
  public long borrow(String name, FixedSizeListVector vectors) {
    FieldVector child = vectors.getDataVector();
    componentFormat(name, child); // throws where it is none
    long rows = vectors.getValueCount();
    if (child.getValueCount() < rows * vectors.getListSize()) {
      throw ArbalestException.invalid(
          "%s: found %d components, %d rows of %d need %d",
          name, child.getValueCount(), rows, vectors.getListSize(), rows * vectors.getListSize());
    }
    int nulls = vectors.getNullCount();
    long validity = validity(name, vectors.getValidityBuffer(), nulls, rows);
    long values = borrowFixedWidth(name, (BaseFixedWidthVector) child);
    return ArrowStructs.parent(this, rows, nulls, validity, values);
  }

  /** The schema of a column that vectors are to be written into: of floats, or SQ8. */
  public long targetSchema(FieldVector target) {
    if (target instanceof StructVector struct) {
      return ArrowStructs.schema(
          this,
          "+s",
          "vector",
          ArrowStructs.schema(this, "f", "scale"),
          ArrowStructs.schema(this, "f", "offset"),
          listsSchema("codes", "C", codesOf(struct).getListSize()));
    }
    return schema("target", (FixedSizeListVector) target);
  }

  /**
   * An array over a column's buffers, for the library to write rows {@code at} to {@code at + count
   * - 1}. Value counts say nothing yet; the capacities of the buffers are checked.
   */
  public long target(FieldVector target, int at, int count) {
    long rows = at + (long) count;
    long array;
    if (target instanceof StructVector struct) {
      array =
          ArrowStructs.parent(
              this,
              count,
              0,
              writable(target.getValidityBuffer(), (rows + 7) / 8),
              writableLeaf((BaseFixedWidthVector) struct.getChildByOrdinal(0), rows),
              writableLeaf((BaseFixedWidthVector) struct.getChildByOrdinal(1), rows),
              writableList(codesOf(struct), rows, rows));
    } else {
      array = writableList((FixedSizeListVector) target, rows, count);
    }
    ArrowStructs.setOffset(array, at);
    return array;
  }

  private long writableList(FixedSizeListVector list, long rows, long length) {
    long validity = writable(list.getValidityBuffer(), (rows + 7) / 8);
    BaseFixedWidthVector components = (BaseFixedWidthVector) list.getDataVector();
    long values = writableLeaf(components, rows * list.getListSize());
    return ArrowStructs.parent(this, length, 0, validity, values);
  }

  private long writableLeaf(BaseFixedWidthVector leaf, long count) {
    long validity = writable(leaf.getValidityBuffer(), (count + 7) / 8);
    long values = writable(leaf.getDataBuffer(), count * leaf.getTypeWidth());
    return ArrowStructs.leaf(this, count, 0, validity, values);
  }

  private static long writable(ArrowBuf buffer, long bytes) {
    if (buffer.capacity() < bytes) {
      throw ArbalestException.invalid(
          "target: found a buffer of %d bytes, allowed %d or more", buffer.capacity(), bytes);
    }
    return buffer.memoryAddress();
  }

  private static FixedSizeListVector codesOf(StructVector struct) {
    return (FixedSizeListVector) struct.getChildByOrdinal(2);
  }

  /** An array of int64 with a copy of {@code values}. */
  public long copy(long[] values) {
    ArrowBuf buffer = uninitialized(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.setLong(8L * i, values[i]);
    }
    return ArrowStructs.leaf(this, values.length, 0, 0, buffer.memoryAddress());
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
    long components = (long) vectors.length * dimension;
    long values = ArrowStructs.leaf(this, components, 0, 0, buffer.memoryAddress());
    return ArrowStructs.parent(this, vectors.length, 0, 0, values);
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
  public long batch(long rows, long ids, long vectors) {
    return ArrowStructs.parent(this, rows, 0, 0, ids, vectors);
  }

  /** Empty structs for the call to fill, until the scope closes. A call has one answer. */
  public ArrowOutput output() {
    if (output != null) {
      throw new IllegalStateException("output: found a second one in a call, allowed one");
    }
    output = new ArrowOutput(this);
    return output;
  }

  @Override
  public void close() {
    if (output != null) {
      output.release();
    }
    for (ArrowBuf buffer : buffers) {
      buffer.close();
    }
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
    long validity = validity(name, vector.getValidityBuffer(), nulls, count);
    return ArrowStructs.leaf(this, count, nulls, validity, data.memoryAddress());
  }

  private static long validity(String name, ArrowBuf bits, int nulls, long count) {
    if (nulls == 0) {
      return 0; // the interface lets a null-free array go without its bitmap
    }
    checkBits(name, "validity", bits, count);
    return bits.memoryAddress();
  }

  private static void checkBits(String name, String what, ArrowBuf bits, long count) {
    if (bits.capacity() < (count + 7) / 8) {
      throw ArbalestException.invalid(
          "%s: found a %s buffer of %d bytes, %d values need %d",
          name, what, bits.capacity(), count, (count + 7) / 8);
    }
  }

  private static String componentFormat(String name, FieldVector child) {
    switch (child.getMinorType()) {
      case FLOAT2:
        return "e";
      case FLOAT4:
        return "f";
      case FLOAT8:
        return "g";
      case TINYINT:
        return "c";
      case UINT1:
        return "C";
      default:
        throw ArbalestException.invalid(
            "%s: found components of %s, allowed float16, float32, float64, int8, uint8",
            name, child.getField().getType());
    }
  }
}
