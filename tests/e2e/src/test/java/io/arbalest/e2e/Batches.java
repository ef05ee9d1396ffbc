package io.arbalest.e2e;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Builds batches, column by column. The caller closes what it gets. */
final class Batches {
  static final ArrowType INT64 = new ArrowType.Int(64, true);
  static final ArrowType INT8 = new ArrowType.Int(8, true);
  static final ArrowType UINT8 = new ArrowType.Int(8, false);
  static final ArrowType HALF = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  static final ArrowType SINGLE = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  static final ArrowType DOUBLE = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);

  private final BufferAllocator allocator;
  private final List<FieldVector> vectors = new ArrayList<>();

  private Batches(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  static Batches in(BufferAllocator allocator) {
    return new Batches(allocator);
  }

  /** Rows of random vectors with the ids {@code first}, {@code first + 1}, ... */
  static VectorSchemaRoot random(
      BufferAllocator allocator, long first, int rows, int dimension, long seed) {
    return in(allocator)
        .ids("id", rows, row -> first + row)
        .vectors("vector", SINGLE, randomVectors(rows, dimension, seed))
        .root(Map.of());
  }

  static float[][] randomVectors(int rows, int dimension, long seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[rows][dimension];
    for (float[] vector : vectors) {
      for (int i = 0; i < dimension; i++) {
        vector[i] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }

  Batches ids(String name, int rows, IntFunction<Long> id) {
    BigIntVector column = new BigIntVector(name, FieldType.notNullable(INT64), allocator);
    column.allocateNew(rows);
    for (int row = 0; row < rows; row++) {
      column.set(row, id.apply(row));
    }
    column.setValueCount(rows);
    vectors.add(column);
    return this;
  }

  Batches ids(String name, long... ids) {
    return ids(name, ids.length, row -> ids[row]);
  }

  Batches texts(String name, String... texts) {
    VarCharVector column = new VarCharVector(name, allocator);
    column.allocateNew();
    for (int row = 0; row < texts.length; row++) {
      if (texts[row] == null) {
        column.setNull(row);
      } else {
        column.setSafe(row, texts[row].getBytes(StandardCharsets.UTF_8));
      }
    }
    column.setValueCount(texts.length);
    vectors.add(column);
    return this;
  }

  /** A column of vectors with this element type. */
  Batches vectors(String name, ArrowType element, float[]... rows) {
    int dimension = rows[0].length;
    Field field =
        new Field(
            name,
            FieldType.notNullable(new ArrowType.FixedSizeList(dimension)),
            List.of(new Field("item", FieldType.notNullable(element), null)));
    FixedSizeListVector list = (FixedSizeListVector) field.createVector(allocator);
    list.setInitialCapacity(rows.length);
    list.allocateNew();
    for (int row = 0; row < rows.length; row++) {
      list.setNotNull(row);
      for (int i = 0; i < dimension; i++) {
        set(list.getDataVector(), row * dimension + i, rows[row][i]);
      }
    }
    list.setValueCount(rows.length);
    vectors.add(list);
    return this;
  }

  VectorSchemaRoot root(Map<String, String> metadata) {
    List<Field> fields = vectors.stream().map(FieldVector::getField).toList();
    return new VectorSchemaRoot(
        new Schema(fields, metadata), vectors, vectors.get(0).getValueCount());
  }

  private static void set(FieldVector vector, int at, float value) {
    if (vector instanceof Float2Vector half) {
      half.setSafe(at, Float16.toFloat16(value));
    } else if (vector instanceof Float4Vector single) {
      single.setSafe(at, value);
    } else if (vector instanceof Float8Vector wide) {
      wide.setSafe(at, value);
    } else if (vector instanceof TinyIntVector signed) {
      signed.setSafe(at, (int) value);
    } else {
      ((UInt1Vector) vector).setSafe(at, (int) value);
    }
  }
}
