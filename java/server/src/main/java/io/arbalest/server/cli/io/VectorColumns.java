package io.arbalest.server.cli.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FixedWidthVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Arrow columns out of vector files and arrays. The caller closes what it gets. */
public final class VectorColumns {

  private VectorColumns() {}

  /** {@code count} rows of the file as they lie in it: no component is converted. */
  public static FixedSizeListVector read(
      VectorFile file, int first, int count, BufferAllocator allocator) throws IOException {
    return filled(
        file.component().arrowType(),
        file.dimension(),
        count,
        file.readBytes(first, count),
        allocator);
  }

  /** Rows {@code first} to {@code first + count - 1} of {@code rows} as float32. */
  public static FixedSizeListVector of(
      float[][] rows, int first, int count, BufferAllocator allocator) {
    int dimension = rows[first].length;
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(count, dimension * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int row = first; row < first + count; row++) {
      bytes.asFloatBuffer().put(rows[row]);
      bytes.position(bytes.position() + dimension * Float.BYTES);
    }
    ArrowType type = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    return filled(type, dimension, count, bytes.flip(), allocator);
  }

  /** The numbers {@code first} to {@code first + count - 1}. */
  public static BigIntVector ids(long first, int count, BufferAllocator allocator) {
    BigIntVector ids = new BigIntVector("id", allocator);
    ids.allocateNew(count);
    for (int i = 0; i < count; i++) {
      ids.set(i, first + i);
    }
    ids.setValueCount(count);
    return ids;
  }

  private static FixedSizeListVector filled(
      ArrowType type, int dimension, int count, ByteBuffer bytes, BufferAllocator allocator) {
    FixedSizeListVector list =
        new FixedSizeListVector(
            "vector", allocator, FieldType.nullable(new ArrowType.FixedSizeList(dimension)), null);
    FixedWidthVector child =
        (FixedWidthVector) list.addOrGetVector(FieldType.notNullable(type)).getVector();
    list.setInitialCapacity(count);
    list.allocateNew();
    child.getDataBuffer().setBytes(0, bytes);
    child.getValidityBuffer().setOne(0, child.getValidityBuffer().capacity());
    for (int row = 0; row < count; row++) {
      list.setNotNull(row);
    }
    list.setValueCount(count);
    return list;
  }
}
