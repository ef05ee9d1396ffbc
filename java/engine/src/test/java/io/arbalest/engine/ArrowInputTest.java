package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.ArbalestException.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.util.TransferPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arrow vectors of every type and shape as inputs. */
@ExtendWith(NoLeaks.class)
class ArrowInputTest {
  private static final int DIMENSION = 19; // not a multiple of 8: slices of bitmaps shift bits

  static List<ArrowType> componentTypes() {
    return TestVectors.COMPONENT_TYPES;
  }

  private static VectorIndex index() {
    return VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
  }

  @ParameterizedTest
  @MethodSource("componentTypes")
  void everyComponentTypeIsTakenAndSearchedWith(ArrowType type, BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(50, DIMENSION, 1);
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 50));
        FixedSizeListVector vectors = TestVectors.lists(allocator, type, rows)) {
      index.add(ids, vectors);
      assertThat(vectors.getValueCount()).as("the input stays the caller's").isEqualTo(50);
      for (int i = 0; i < 50; i++) {
        SearchResult hit = index.search(rows[i], 1);
        assertThat(hit.ids()).containsExactly(i);
        assertThat(hit.distances()[0]).isZero();
      }
      try (SearchBatch batch = index.search(vectors, SearchOptions.k(1), allocator)) {
        for (int i = 0; i < 50; i++) {
          assertThat(batch.ids().get(i)).isEqualTo(i);
          assertThat(batch.distances().get(i)).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("componentTypes")
  void aSliceShipsItsOwnRows(ArrowType type, BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(50, DIMENSION, 2);
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 50));
        FixedSizeListVector vectors = TestVectors.lists(allocator, type, rows)) {
      TransferPair idSlice = ids.getTransferPair(allocator);
      idSlice.splitAndTransfer(13, 21);
      TransferPair vectorSlice = vectors.getTransferPair(allocator);
      vectorSlice.splitAndTransfer(13, 21);
      try (BigIntVector someIds = (BigIntVector) idSlice.getTo();
          FixedSizeListVector some = (FixedSizeListVector) vectorSlice.getTo()) {
        index.add(someIds, some);
        assertThat(index.stats().rows()).isEqualTo(21);
        assertThat(index.search(rows[13], 1).ids()).containsExactly(13);
        assertThat(index.search(rows[33], 1).ids()).containsExactly(33);
        assertThat(index.search(rows[34], 1).distances()[0]).isPositive();
        assertThat(index.delete(someIds)).isEqualTo(21);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("componentTypes")
  void aCastIsWhatAnAppendStores(ArrowType type, BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(20, DIMENSION, 3);
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 20));
        FixedSizeListVector vectors = TestVectors.lists(allocator, type, rows);
        FixedSizeListVector cast = index.cast(vectors, allocator)) {
      assertThat(index.stats().rows()).as("a cast keeps nothing").isZero();
      index.append(ids, vectors);
      try (FixedSizeListVector stored = index.vectors(ids, allocator)) {
        for (int row = 0; row < 20; row++) {
          assertThat(cast.getObject(row)).isEqualTo(stored.getObject(row));
        }
      }
    }
  }

  @Test
  void inputsMayComeFromAllocatorsOfTheirOwn(BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(5, DIMENSION, 3);
    try (BufferAllocator other = new RootAllocator();
        VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 5));
        FixedSizeListVector vectors = TestVectors.lists(other, TestVectors.FLOAT32, rows)) {
      index.add(ids, vectors);
      try (BufferAllocator third = new RootAllocator();
          SearchBatch batch = index.search(vectors, SearchOptions.k(2), third)) {
        assertThat(batch.root().getRowCount()).isEqualTo(10);
        assertThat(third.getAllocatedMemory()).as("results are accounted for").isPositive();
      }
    }
  }

  @Test
  void theRootOfABatchIsItsColumns(BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(4, DIMENSION, 3);
    try (VectorIndex index = index();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, rows)) {
      index.add(TestVectors.ids(7, 4), rows);
      SearchBatch batch = index.search(queries, SearchOptions.k(3), allocator);
      assertThat(batch.root()).as("one root a batch").isSameAs(batch.root());
      assertThat(batch.root().getRowCount()).isEqualTo(12);
      assertThat(batch.root().getSchema().getFields())
          .extracting(Field::toString)
          .containsExactly(
              "query: Int(32, false) not null",
              "id: Int(64, true) not null",
              "distance: FloatingPoint(SINGLE) not null");
      assertThat(batch.root().getVector("query")).isSameAs(batch.queries());
      assertThat(batch.root().getVector("id")).isSameAs(batch.ids());
      assertThat(batch.root().getVector("distance")).isSameAs(batch.distances());
      assertThat(batch.ids().get(9)).as("the first hit of the fourth query").isEqualTo(10);
      batch.close();
      batch.close(); // does nothing
    }
  }

  @Test
  void noQueriesHaveNoHits(BufferAllocator allocator) {
    try (VectorIndex index = index();
        FixedSizeListVector none =
            TestVectors.emptyLists(allocator, TestVectors.FLOAT32, DIMENSION)) {
      index.add(TestVectors.ids(0, 5), TestVectors.wholeNumbers(5, DIMENSION, 3));
      try (SearchBatch batch = index.search(none, SearchOptions.k(3), allocator)) {
        assertThat(batch.root().getRowCount()).isZero();
      }
    }
  }

  @Test
  void anAllocatorWithoutRoomFailsCleanly(BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(200, DIMENSION, 3);
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 200));
        FixedSizeListVector vectors = TestVectors.lists(allocator, TestVectors.FLOAT32, rows);
        BufferAllocator small = allocator.newChildAllocator("small", 0, 1024)) {
      index.add(ids, vectors);
      assertThatThrownBy(() -> index.search(vectors, SearchOptions.k(100), small))
          .hasMessageContaining("allocator: found 0 of at most 1024 bytes taken in 'small'");
      assertThat(small.getAllocatedMemory()).isZero();
      assertThat(index.search(rows[0], 1).ids()).containsExactly(0);
    }
  }

  @Test
  void anAnswerThatFindsNoRoomIsFreed(BufferAllocator allocator) throws IOException {
    float[][] rows = TestVectors.wholeNumbers(200, DIMENSION, 3);
    long answerBytes = 16L * 200 * 200;
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 200));
        FixedSizeListVector vectors = TestVectors.lists(allocator, TestVectors.FLOAT32, rows);
        BufferAllocator small = allocator.newChildAllocator("small", 0, 1024)) {
      index.add(ids, vectors);
      long before = residentBytes();
      for (int i = 0; i < 300; i++) {
        assertThatThrownBy(() -> index.search(vectors, SearchOptions.k(200), small))
            .hasMessageContaining("no room for 40000 hits");
      }
      assertThat(residentBytes() - before)
          .as("growth over 300 answers")
          .isLessThan(150 * answerBytes);
    }
  }

  /** What this process has in memory, its heap included. */
  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
    return 4096 * Long.parseLong(pages);
  }

  @Test
  void nullsAreRefusedByRow(BufferAllocator allocator) {
    float[][] rows = TestVectors.wholeNumbers(6, DIMENSION, 4);
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(0, 6));
        FixedSizeListVector nullRow = TestVectors.lists(allocator, TestVectors.FLOAT32, rows);
        FixedSizeListVector nullComponent =
            TestVectors.lists(allocator, TestVectors.FLOAT32, rows);
        BigIntVector nullId = TestVectors.idVector(allocator, TestVectors.ids(0, 6))) {
      nullRow.setNull(4);
      assertInvalid(() -> index.append(ids, nullRow), "4", "null");
      ((Float4Vector) nullComponent.getDataVector()).setNull(2 * DIMENSION + 3);
      assertInvalid(() -> index.append(ids, nullComponent), "2", "3", "null");
      nullId.setNull(5);
      assertInvalid(() -> index.append(nullId, nullRow), "null");
      assertInvalid(() -> index.delete(nullId), "5", "null");
      assertThat(index.stats().rows()).isZero();
    }
  }

  @Test
  void shapesThatDoNotFitAreRefused(BufferAllocator allocator) {
    try (VectorIndex index = index();
        BigIntVector ids = TestVectors.idVector(allocator, 1, 2);
        BigIntVector oneId = TestVectors.idVector(allocator, 1);
        FixedSizeListVector shorter =
            TestVectors.lists(
                allocator, TestVectors.FLOAT32, TestVectors.wholeNumbers(2, DIMENSION - 1, 5));
        FixedSizeListVector fitting =
            TestVectors.lists(
                allocator, TestVectors.FLOAT32, TestVectors.wholeNumbers(2, DIMENSION, 5));
        FixedSizeListVector ints =
            TestVectors.emptyLists(allocator, new ArrowType.Int(32, true), DIMENSION)) {
      assertInvalid(() -> index.append(ids, shorter), "18", "19");
      assertInvalid(() -> index.append(oneId, fitting), "ids: found 1 for 2 vectors");
      ints.allocateNew();
      ints.setValueCount(2);
      assertInvalid(() -> index.append(ids, ints), "vectors: found components of Int(32, true)");
      fitting.getDataVector().setValueCount(DIMENSION);
      assertInvalid(
          () -> index.append(ids, fitting), "vectors: found 19 components, 2 rows of 19 need 38");
    }
  }

  private static void assertInvalid(Runnable call, String... parts) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ArbalestException.class,
            e -> {
              assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT);
              assertThat(e.getMessage()).contains(parts);
            });
  }
}
