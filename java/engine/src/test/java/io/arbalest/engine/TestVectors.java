package io.arbalest.engine;

import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Data of tests, in Java arrays and as Arrow vectors. */
final class TestVectors {
  static final ArrowType FLOAT16 = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  static final ArrowType FLOAT32 = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  static final ArrowType FLOAT64 = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
  static final ArrowType INT8 = new ArrowType.Int(8, true);
  static final ArrowType UINT8 = new ArrowType.Int(8, false);

  /** Every component type that the engine takes. */
  static final List<ArrowType> COMPONENT_TYPES = List.of(FLOAT16, FLOAT32, FLOAT64, INT8, UINT8);

  private TestVectors() {}

  /** Small whole numbers, 0..100, which every component type holds exactly. */
  static float[][] wholeNumbers(int rows, int dimension, long seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[rows][dimension];
    for (float[] vector : vectors) {
      for (int i = 0; i < dimension; i++) {
        vector[i] = random.nextInt(101);
      }
    }
    return vectors;
  }

  static float[][] gaussian(int rows, int dimension, long seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[rows][dimension];
    for (float[] vector : vectors) {
      for (int i = 0; i < dimension; i++) {
        vector[i] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }

  static long[] ids(long first, int count) {
    return LongStream.range(first, first + count).toArray();
  }

  static BigIntVector idVector(BufferAllocator allocator, long... ids) {
    BigIntVector vector = new BigIntVector("id", allocator);
    vector.allocateNew(ids.length);
    for (int i = 0; i < ids.length; i++) {
      vector.set(i, ids[i]);
    }
    vector.setValueCount(ids.length);
    return vector;
  }

  /** A filter of {@code rows} values. */
  static BitVector bits(BufferAllocator allocator, int rows, IntPredicate matches) {
    BitVector vector = new BitVector("filter", allocator);
    vector.allocateNew(rows);
    for (int row = 0; row < rows; row++) {
      vector.set(row, matches.test(row) ? 1 : 0);
    }
    vector.setValueCount(rows);
    return vector;
  }

  /** {@code fixed_size_list<type>} of the rows, every slot valid. */
  static FixedSizeListVector lists(BufferAllocator allocator, ArrowType type, float[][] rows) {
    int dimension = rows[0].length;
    FixedSizeListVector lists = emptyLists(allocator, type, dimension);
    lists.allocateNew();
    FieldVector child = lists.getDataVector();
    child.setInitialCapacity(rows.length * dimension);
    child.allocateNew();
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < dimension; i++) {
        set(child, row * dimension + i, rows[row][i]);
      }
    }
    child.setValueCount(rows.length * dimension);
    for (int row = 0; row < rows.length; row++) {
      lists.setNotNull(row);
    }
    lists.setValueCount(rows.length);
    return lists;
  }

  static FixedSizeListVector emptyLists(BufferAllocator allocator, ArrowType type, int dimension) {
    Field item = new Field("item", FieldType.nullable(type), List.of());
    Field field =
        new Field(
            "vector", FieldType.nullable(new ArrowType.FixedSizeList(dimension)), List.of(item));
    return (FixedSizeListVector) field.createVector(allocator);
  }

  /** Component {@code index} of a float16 or float32 child, as a float. */
  static float component(FieldVector child, int index) {
    return child instanceof Float2Vector half
        ? half.getValueAsFloat(index)
        : ((Float4Vector) child).get(index);
  }

  private static void set(FieldVector child, int index, float value) {
    if (child instanceof Float2Vector vector) {
      vector.setSafe(index, Float16.toFloat16(value));
    } else if (child instanceof Float4Vector vector) {
      vector.setSafe(index, value);
    } else if (child instanceof Float8Vector vector) {
      vector.setSafe(index, value);
    } else if (child instanceof TinyIntVector vector) {
      vector.setSafe(index, (byte) value);
    } else if (child instanceof UInt1Vector vector) {
      vector.setSafe(index, (byte) value);
    } else {
      throw new IllegalArgumentException("component type " + child.getField().getType());
    }
  }
}
