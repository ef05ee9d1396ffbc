package io.arbalest.store;

import static io.arbalest.store.DatasetSpecTest.field;
import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.StoreException.Category;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestAllocator.class)
class PutTest {
  private static final int DIMENSION = 4;
  private static final int ROWS = 5000; // more than a chunk of a column

  @TempDir Path directory;

  /** A random vector of a type: a third of the values null. */
  private static FieldVector column(Field field, int rows, Random random, BufferAllocator from) {
    FieldVector vector = field.createVector(from);
    vector.setInitialCapacity(rows);
    vector.allocateNew();
    for (int i = 0; i < rows; i++) {
      if (random.nextInt(3) == 0) {
        continue;
      }
      byte[] bytes = ("\u00fc" + "x".repeat(random.nextInt(30)) + i).getBytes();
      if (vector instanceof BitVector bits) {
        bits.set(i, random.nextInt(2));
      } else if (vector instanceof BaseFixedWidthVector fixed) {
        random.nextBytes(bytes = new byte[fixed.getTypeWidth()]);
        if (fixed.getTypeWidth() == 8) {
          bytes[7] = 0; // a date that Java can show
        }
        fixed.getDataBuffer().setBytes((long) i * fixed.getTypeWidth(), bytes);
        BitVectorHelper.setBit(fixed.getValidityBuffer(), i);
      } else if (vector instanceof VarCharVector texts) {
        texts.setSafe(i, bytes);
      } else {
        setList((ListVector) vector, i, random, bytes);
      }
    }
    vector.setValueCount(rows);
    return vector;
  }

  private static void setList(ListVector lists, int index, Random random, byte[] bytes) {
    VarCharVector texts = (VarCharVector) lists.getDataVector();
    int first = lists.startNewValue(index);
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      if (random.nextInt(4) > 0) {
        texts.setSafe(first + i, random.nextInt(4) == 0 ? new byte[0] : bytes);
      } else {
        texts.setNull(first + i);
      }
    }
    lists.endValue(index, count);
  }

  /** Under another root than the store's, as a server has it. */
  @Test
  void everyTypeOfColumnComesBackThroughLogAndSnapshot(BufferAllocator allocator) {
    List<Field> fields = DatasetSpecTest.columnsOfEveryType();
    DatasetSpec spec = Batches.spec("d", IdType.INT64, DIMENSION).withColumns(fields);
    List<FieldVector> columns = new ArrayList<>();
    Random random = new Random(11);
    columns.add(Batches.vectors(allocator, "vector", Batches.gaussian(ROWS, DIMENSION, 1)));
    fields.forEach(field -> columns.add(column(field, ROWS, random, allocator)));
    List<Long> ids = new ArrayList<>();
    for (long i = 0; i < ROWS; i++) {
      ids.add(i);
    }
    columns.add(Batches.ids(allocator, ids)); // order does not matter
    try (VectorSchemaRoot batch = Batches.root(columns)) {
      try (Store store = Store.open(StoreOptions.of(directory))) {
        Dataset dataset = store.create(spec);
        dataset.put(batch).join();
        assertSame(dataset, batch, allocator);
        assertFoundWithColumns(dataset, batch, allocator);
      }
      try (Store store = Store.open(StoreOptions.of(directory))) {
        assertSame(store.dataset("d"), batch, allocator);
        store.dataset("d").snapshot();
      }
      try (Store store = Store.open(StoreOptions.of(directory))) {
        assertThat(store.dataset("d").status().snapshotSequence()).isEqualTo(1);
        assertThat(store.dataset("d").spec()).isEqualTo(spec);
        assertSame(store.dataset("d"), batch, allocator);
      }
    }
  }

  private static void assertSame(
      Dataset dataset, VectorSchemaRoot expected, BufferAllocator allocator) {
    int at = 0;
    try (ScanCursor cursor = dataset.scan(ScanRequest.all(), allocator)) {
      while (cursor.next()) {
        VectorSchemaRoot root = cursor.root();
        for (FieldVector column : root.getFieldVectors()) {
          for (int i = 0; i < root.getRowCount(); i++) {
            assertThat(column.getObject(i))
                .as("%s of row %d", column.getName(), at + i)
                .isEqualTo(expected.getVector(column.getName()).getObject(at + i));
          }
        }
        at += root.getRowCount();
      }
    }
    assertThat(at).isEqualTo(expected.getRowCount());
  }

  private static void assertFoundWithColumns(
      Dataset dataset, VectorSchemaRoot batch, BufferAllocator allocator) {
    try (SearchAnswer answer =
        dataset.search(
            SearchRequest.like(4321L, 9).with().columns(List.of("*")).build(), allocator)) {
      VectorSchemaRoot root = answer.root();
      assertThat(root.getRowCount()).isEqualTo(9);
      for (int i = 0; i < 9; i++) {
        int row = (int) ((BigIntVector) root.getVector("id")).get(i);
        for (Field field : dataset.spec().columns()) {
          assertThat(root.getVector(field.getName()).getObject(i))
              .isEqualTo(batch.getVector(field.getName()).getObject(row));
        }
      }
    }
  }

  @Test
  void aMissingNullableColumnIsNullAndAMissingOtherIsRefused(BufferAllocator allocator) {
    Field required = new Field("kind", FieldType.notNullable(new ArrowType.Int(8, true)), null);
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset lenient =
          store.create(
              Batches.spec("a", IdType.INT64, DIMENSION)
                  .withColumns(DatasetSpecTest.columnsOfEveryType()));
      Dataset strict =
          store.create(Batches.spec("b", IdType.INT64, DIMENSION).withColumns(List.of(required)));
      try (VectorSchemaRoot bare =
          Batches.root(
              List.of(
                  Batches.ids(allocator, List.of(1L, 2L)),
                  Batches.vectors(allocator, "vector", Batches.gaussian(2, DIMENSION, 1))))) {
        lenient.put(bare).join();
        try (ScanCursor cursor = lenient.scan(ScanRequest.all(), allocator)) {
          assertThat(cursor.next()).isTrue();
          for (Field field : lenient.spec().columns()) {
            assertThat(cursor.root().getVector(field.getName()).getNullCount()).isEqualTo(2);
          }
        }
        assertInvalid("'kind': it is required", strict, bare);
      }
      FieldVector kinds = field("kind", new ArrowType.Int(8, true)).createVector(allocator);
      kinds.allocateNew();
      kinds.setValueCount(1);
      try (VectorSchemaRoot nulls = withColumn(allocator, kinds)) {
        assertInvalid("'kind': row 0 is null", strict, nulls);
      }
    }
  }

  private static VectorSchemaRoot withColumn(BufferAllocator allocator, FieldVector column) {
    return Batches.root(
        List.of(
            Batches.ids(allocator, List.of(1L)),
            Batches.vectors(allocator, "vector", Batches.gaussian(1, DIMENSION, 1)),
            column));
  }

  private static void assertInvalid(String part, Dataset dataset, VectorSchemaRoot batch) {
    assertFails(Category.INVALID_ARGUMENT, part, () -> dataset.put(batch));
  }

  @Test
  void aBatchThatDoesNotFitIsRefusedByNameAndLeavesNothing(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      FieldVector alien = field("year", new ArrowType.Int(32, true)).createVector(allocator);
      alien.setValueCount(1);
      try (VectorSchemaRoot batch = withColumn(allocator, alien)) {
        assertInvalid("'year': dataset 'd' has none", dataset, batch);
      }
      FieldVector wide = field("version", new ArrowType.Int(64, true)).createVector(allocator);
      wide.setValueCount(1);
      try (VectorSchemaRoot batch = withColumn(allocator, wide)) {
        assertInvalid("'version': found Int(64, true), allowed Int(32, true)", dataset, batch);
      }
      try (VectorSchemaRoot batch = rows(allocator, List.of("text"), Batches.gaussian(1, 4, 1))) {
        assertInvalid("'id': found Utf8", dataset, batch);
      }
      try (VectorSchemaRoot batch = rows(allocator, List.of(1L), Batches.gaussian(1, 5, 1))) {
        assertInvalid("found dimension 5, allowed 4", dataset, batch);
      }
      try (VectorSchemaRoot batch = rows(allocator, List.of(1L), Batches.gaussian(1, 4, 1))) {
        ((BigIntVector) batch.getVector("id")).setNull(0);
        assertInvalid("'id': row 0 is null", dataset, batch);
      }
      try (VectorSchemaRoot batch = rows(allocator, List.of(1L), Batches.gaussian(1, 4, 1))) {
        ((FixedSizeListVector) batch.getVector("vector")).setNull(0);
        assertInvalid("vector: row 0: found null", dataset, batch);
      }
      try (VectorSchemaRoot batch = rows(allocator, List.of(1L), Batches.gaussian(1, 4, 1))) {
        batch.setRowCount(0);
        assertInvalid("batch: found 0 rows", dataset, batch);
      }
      assertThat(dataset.status().sequence()).isZero();
      assertThat(dataset.rowCount()).isZero();
    }
  }

  private static VectorSchemaRoot rows(
      BufferAllocator allocator, List<?> ids, List<float[]> vectors) {
    return Batches.root(
        List.of(Batches.ids(allocator, ids), Batches.vectors(allocator, "vector", vectors)));
  }

  @Test
  void vectorsThatCannotBeStoredAreRefusedWithTheirRow(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset half = store.create(spec("half", Metric.COSINE, ElementType.FLOAT16));
      Dataset full = store.create(spec("full", Metric.COSINE, ElementType.FLOAT32));
      Dataset flat = store.create(spec("flat", Metric.L2, ElementType.FLOAT16));
      float[] good = {1, 2, 3, 4};
      for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 65_520}) {
        assertRefused(half, allocator, "row 1, component 2", good, new float[] {1, 2, bad, 4});
      }
      assertRefused(full, allocator, "row 0, component 3", new float[] {1, 2, 3, Float.NaN});
      assertRefused(full, allocator, "row 0: found squared norm", new float[] {1e19f, 1e19f, 0, 0});
      assertRefused(half, allocator, "row 0: found a zero vector", new float[4]);
      assertRefused(half, allocator, "row 0: found a zero vector", new float[] {0, 1e-8f, 0, 0});
      assertRefused(full, allocator, "row 0: found a zero vector", new float[] {0, 1e-30f, 0, 0});
      for (float[] edge : List.of(new float[] {65_504, 0, 0, 0}, new float[] {0, 3e-8f, 0, 0})) {
        put(half, allocator, edge);
      }
      put(full, allocator, new float[] {65_520, 0, 0, 0});
      put(full, allocator, new float[] {0, 1e-8f, 0, 0});
      put(full, allocator, new float[] {0, 0, 1e18f, 0});
      put(flat, allocator, new float[4]);
    }
  }

  private static DatasetSpec spec(String name, Metric metric, ElementType element) {
    return DatasetSpec.of(name, metric, element, IdType.INT64, DIMENSION);
  }

  private static void put(Dataset dataset, BufferAllocator allocator, float[]... vectors) {
    List<Long> ids = new ArrayList<>();
    for (long i = 0; i < vectors.length; i++) {
      ids.add(i);
    }
    try (VectorSchemaRoot batch = rows(allocator, ids, Arrays.asList(vectors))) {
      dataset.put(batch).join();
    }
  }

  private static void assertRefused(
      Dataset dataset, BufferAllocator allocator, String part, float[]... vectors) {
    assertFails(Category.INVALID_ARGUMENT, part, () -> put(dataset, allocator, vectors));
  }

  @Test
  void anyComponentTypeIsCastAndComesBackInAnyForm(BufferAllocator allocator) {
    ArrowType[] types = {
      new ArrowType.FloatingPoint(FloatingPointPrecision.HALF),
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE),
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE),
      new ArrowType.Int(8, true),
      new ArrowType.Int(8, false)
    };
    try (Store store = Store.open(StoreOptions.of(directory));
        BufferAllocator other = new RootAllocator()) {
      for (ElementType element : ElementType.values()) {
        Dataset dataset = store.create(spec(element.wireName(), Metric.L2, element));
        for (int i = 0; i < types.length; i++) {
          try (VectorSchemaRoot batch =
              Batches.root(
                  List.of(
                      Batches.ids(other, List.of((long) i)),
                      VectorForms.vectors(other, types[i], new int[] {1, 127, 0, 10 * i})))) {
            dataset.put(batch).join();
          }
        }
        for (VectorsAs form : VectorsAs.values()) {
          VectorForms.assertScan(dataset, form, allocator, i -> new int[] {1, 127, 0, 10 * i});
          VectorForms.assertSearch(dataset, form, allocator, i -> new int[] {1, 127, 0, 10 * i});
        }
      }
    }
  }

  @Test
  void idsAndValuesThatAreTooLongAreRefused(BufferAllocator allocator) {
    Field text = field("text", ArrowType.Utf8.INSTANCE);
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset =
          store.create(Batches.spec("d", IdType.UTF8, DIMENSION).withColumns(List.of(text)));
      for (String id : List.of("", "x".repeat(StoreLimits.ID_BYTES_MAX + 1))) {
        try (VectorSchemaRoot batch = rows(allocator, List.of(id), Batches.gaussian(1, 4, 1))) {
          assertInvalid("'id': row 0: found " + id.length() + " bytes", dataset, batch);
        }
      }
      VarCharVector texts = (VarCharVector) text.createVector(allocator);
      texts.allocateNew();
      texts.setSafe(0, new byte[StoreLimits.VALUE_BYTES_MAX + 1]);
      texts.setValueCount(1);
      try (VectorSchemaRoot batch =
          Batches.root(
              List.of(
                  Batches.ids(allocator, List.of("a")),
                  Batches.vectors(allocator, "vector", Batches.gaussian(1, DIMENSION, 1)),
                  texts))) {
        assertInvalid("'text': row 0: found 1048577 bytes", dataset, batch);
      }
    }
  }
}
