package io.arbalest.store;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** What tests put: float32 vectors, ids of both types, and a column of versions. */
final class Batches {
  static final Field VERSION =
      new Field("version", FieldType.nullable(new ArrowType.Int(32, true)), null);

  /** A column to search by text. */
  static final Field WORDS = new Field("words", FieldType.nullable(ArrowType.Utf8.INSTANCE), null);

  private Batches() {}

  /** A dataset of this id type with the column {@code version}, cheap to index. */
  static DatasetSpec spec(String name, IdType idType, int dimension) {
    return DatasetSpec.of(name, Metric.L2, ElementType.FLOAT16, idType, dimension)
        .withColumns(List.of(VERSION))
        .withGraph(8, 40);
  }

  /** The same with the column {@code words}, which is searched by text. */
  static DatasetSpec textSpec(String name, IdType idType, int dimension) {
    return spec(name, idType, dimension)
        .withColumns(List.of(VERSION, WORDS))
        .withTextColumns(List.of("words"));
  }

  /** A row to put; {@code id} is a Long or a String. */
  record Row(Object id, float[] vector, Integer version) {}

  /** Rows whose vector tells id and version: component 0 is the number, component 1 the version. */
  static Row row(Object id, int number, int version, int dimension) {
    float[] vector = new float[dimension];
    vector[0] = number;
    vector[1] = version;
    return new Row(id, vector, version);
  }

  static VectorSchemaRoot batch(BufferAllocator allocator, List<Row> rows) {
    FieldVector ids = ids(allocator, rows.stream().map(Row::id).toList());
    FixedSizeListVector vectors =
        vectors(allocator, "vector", rows.stream().map(Row::vector).toList());
    IntVector versions = (IntVector) VERSION.createVector(allocator);
    versions.allocateNew(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).version() != null) {
        versions.set(i, rows.get(i).version());
      }
    }
    versions.setValueCount(rows.size());
    return root(List.of(ids, vectors, versions));
  }

  /** The rows with a text each, null among them. */
  static VectorSchemaRoot textBatch(BufferAllocator allocator, List<Row> rows, List<String> words) {
    VectorSchemaRoot batch = batch(allocator, rows);
    List<FieldVector> columns = new ArrayList<>(batch.getFieldVectors());
    columns.add(texts(allocator, WORDS, words));
    return root(columns);
  }

  static VarCharVector texts(BufferAllocator allocator, Field field, List<String> values) {
    VarCharVector texts = (VarCharVector) field.createVector(allocator);
    texts.allocateNew();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) != null) {
        texts.setSafe(i, values.get(i).getBytes(StandardCharsets.UTF_8));
      }
    }
    texts.setValueCount(values.size());
    return texts;
  }

  static VectorSchemaRoot root(List<FieldVector> columns) {
    List<Field> fields = columns.stream().map(FieldVector::getField).toList();
    return new VectorSchemaRoot(fields, columns, columns.get(0).getValueCount());
  }

  static FieldVector ids(BufferAllocator allocator, List<?> ids) {
    if (!ids.isEmpty() && ids.get(0) instanceof String) {
      VarCharVector texts = new VarCharVector("id", allocator);
      texts.allocateNew();
      for (int i = 0; i < ids.size(); i++) {
        texts.setSafe(i, ((String) ids.get(i)).getBytes(StandardCharsets.UTF_8));
      }
      texts.setValueCount(ids.size());
      return texts;
    }
    BigIntVector numbers = new BigIntVector("id", allocator);
    numbers.allocateNew(Math.max(1, ids.size()));
    for (int i = 0; i < ids.size(); i++) {
      numbers.set(i, (Long) ids.get(i));
    }
    numbers.setValueCount(ids.size());
    return numbers;
  }

  static FixedSizeListVector vectors(BufferAllocator allocator, String name, List<float[]> rows) {
    int dimension = rows.get(0).length;
    FixedSizeListVector vectors =
        emptyVectors(
            allocator, name, new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE), dimension);
    vectors.setInitialCapacity(rows.size());
    vectors.allocateNew();
    Float4Vector components = (Float4Vector) vectors.getDataVector();
    components.allocateNew(rows.size() * dimension);
    for (int row = 0; row < rows.size(); row++) {
      vectors.setNotNull(row);
      for (int i = 0; i < dimension; i++) {
        components.set(row * dimension + i, rows.get(row)[i]);
      }
    }
    components.setValueCount(rows.size() * dimension);
    vectors.setValueCount(rows.size());
    return vectors;
  }

  static FixedSizeListVector emptyVectors(
      BufferAllocator allocator, String name, ArrowType component, int dimension) {
    Field item = new Field("item", FieldType.nullable(component), null);
    Field field =
        new Field(name, FieldType.nullable(new ArrowType.FixedSizeList(dimension)), List.of(item));
    return (FixedSizeListVector) field.createVector(allocator);
  }

  static List<float[]> gaussian(int rows, int dimension, long seed) {
    Random random = new Random(seed);
    List<float[]> vectors = new ArrayList<>(rows);
    for (int row = 0; row < rows; row++) {
      float[] vector = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        vector[i] = (float) random.nextGaussian();
      }
      vectors.add(vector);
    }
    return vectors;
  }

  /** Vectors around some centres that are far apart, the same ones whatever the seed. */
  static List<float[]> clustered(int rows, int dimension, long seed) {
    List<float[]> centres = gaussian(32, dimension, 99);
    List<float[]> vectors = gaussian(rows, dimension, seed);
    Random random = new Random(seed);
    for (float[] vector : vectors) {
      float[] centre = centres.get(random.nextInt(centres.size()));
      for (int i = 0; i < dimension; i++) {
        vector[i] += 4 * centre[i];
      }
    }
    return vectors;
  }

  /** Rows with ids by number and these vectors, all of version 0. */
  static List<Row> rows(IntFunction<Object> id, List<float[]> vectors) {
    List<Row> rows = new ArrayList<>(vectors.size());
    for (int i = 0; i < vectors.size(); i++) {
      rows.add(new Row(id.apply(i), vectors.get(i), 0));
    }
    return rows;
  }

  static WriteReceipt put(Dataset dataset, BufferAllocator allocator, List<Row> rows) {
    try (VectorSchemaRoot batch = batch(allocator, rows)) {
      return dataset.put(batch).join();
    }
  }

  static WriteReceipt put(
      Dataset dataset, BufferAllocator allocator, List<Row> rows, List<String> words) {
    try (VectorSchemaRoot batch = textBatch(allocator, rows, words)) {
      return dataset.put(batch).join();
    }
  }

  static DeleteReceipt delete(Dataset dataset, BufferAllocator allocator, List<?> ids) {
    try (FieldVector vector = ids(allocator, ids)) {
      return dataset.delete(vector).join();
    }
  }

  /** The id of a result row as a Long or String. */
  static Object id(VectorSchemaRoot root, int row) {
    FieldVector ids = root.getVector("id");
    return ids instanceof VarCharVector texts
        ? new String(texts.get(row), StandardCharsets.UTF_8)
        : (Object) ((BigIntVector) ids).get(row);
  }
}
