package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TestAllocator.class)
class DatasetTest {
  private static final int DIMENSION = 8;

  @TempDir Path directory;

  private static IntFunction<Object> idsOf(IdType type) {
    return switch (type) {
      case INT64 -> i -> (Object) (long) (i * 7 - 100);
      case UTF8 -> i -> "row-" + i;
    };
  }

  @ParameterizedTest
  @EnumSource(IdType.class)
  void whatIsPutIsFoundAtOnceAndAfterIndexingAndAfterRestart(
      IdType type, BufferAllocator allocator) {
    IntFunction<Object> id = idsOf(type);
    List<float[]> vectors = Batches.gaussian(500, DIMENSION, 1);
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", type, DIMENSION));
      WriteReceipt receipt = Batches.put(dataset, allocator, Batches.rows(id, vectors));
      assertThat(receipt.sequence()).isEqualTo(1);
      assertThat(receipt.durable()).isTrue();
      assertFound(dataset, allocator, id, vectors);
      dataset.flush();
      assertThat(dataset.status().pending()).isZero();
      assertThat(dataset.status().indexedSequence()).isEqualTo(1);
      assertFound(dataset, allocator, id, vectors);
    }
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.dataset("d");
      assertThat(dataset.rowCount()).isEqualTo(500);
      assertFound(dataset, allocator, id, vectors);
      dataset.snapshot();
      assertThat(dataset.status().snapshotSequence()).isEqualTo(1);
    }
    try (Store store = Store.open(StoreOptions.of(directory))) {
      assertFound(store.dataset("d"), allocator, id, vectors);
      assertThat(store.dataset("d").status().snapshotSequence()).isEqualTo(1);
    }
  }

  private static void assertFound(
      Dataset dataset, BufferAllocator allocator, IntFunction<Object> id, List<float[]> vectors) {
    try (FixedSizeListVector queries = Batches.vectors(allocator, "vector", vectors);
        SearchAnswer answer =
            dataset.search(
                SearchRequest.of(queries, 3).with().columns(List.of("version")).build(),
                allocator)) {
      VectorSchemaRoot root = answer.root();
      assertThat(root.getRowCount()).isEqualTo(vectors.size() * 3);
      assertThat(answer.exhausted()).isFalse();
      assertThat(answer.strategy()).isEqualTo("graph");
      assertThat(answer.visited()).isPositive();
      for (int i = 0; i < vectors.size(); i++) {
        assertThat(((UInt4Vector) root.getVector("query")).get(3 * i)).isEqualTo(i);
        assertThat(Batches.id(root, 3 * i)).isEqualTo(id.apply(i));
        assertThat(((Float4Vector) root.getVector("distance")).get(3 * i)).isLessThan(1e-3f);
        assertThat(((IntVector) root.getVector("version")).get(3 * i)).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(IdType.class)
  void theLastVersionOfAnIdCounts(IdType type, BufferAllocator allocator) {
    IntFunction<Object> id = idsOf(type);
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", type, DIMENSION));
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        rows.add(Batches.row(id.apply(i), i, 1, DIMENSION));
      }
      rows.add(Batches.row(id.apply(5), 5, 2, DIMENSION)); // twice in one batch
      Batches.put(dataset, allocator, rows);
      Batches.put(dataset, allocator, List.of(Batches.row(id.apply(6), 6, 3, DIMENSION)));
      assertThat(Batches.delete(dataset, allocator, List.of(id.apply(7), id.apply(99))))
          .isEqualTo(new DeleteReceipt(3, 1, true));
      assertThat(dataset.rowCount()).isEqualTo(19);
      assertVersions(dataset, allocator, id);
      dataset.snapshot();
      assertVersions(dataset, allocator, id);
      assertThat(Batches.delete(dataset, allocator, List.of(id.apply(7))).deleted()).isZero();
    }
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.dataset("d");
      assertVersions(dataset, allocator, id);
      Batches.put(dataset, allocator, List.of(Batches.row(id.apply(7), 7, 4, DIMENSION)));
      assertThat(dataset.rowCount()).isEqualTo(20);
      assertThat(scan(dataset, allocator)).contains(id.apply(7) + "=4");
    }
  }

  private static void assertVersions(
      Dataset dataset, BufferAllocator allocator, IntFunction<Object> id) {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      if (i != 7) {
        expected.add(id.apply(i) + "=" + (i == 5 ? 2 : i == 6 ? 3 : 1));
      }
    }
    assertThat(scan(dataset, allocator)).containsExactlyInAnyOrderElementsOf(expected);
    float[] query = Batches.row(id.apply(5), 5, 1, DIMENSION).vector();
    try (FixedSizeListVector queries = Batches.vectors(allocator, "vector", List.of(query));
        SearchAnswer answer = dataset.search(SearchRequest.of(queries, 100), allocator)) {
      List<Object> found = new ArrayList<>();
      for (int i = 0; i < answer.root().getRowCount(); i++) {
        found.add(Batches.id(answer.root(), i));
      }
      assertThat(found).hasSize(19).doesNotHaveDuplicates().doesNotContain(id.apply(7));
      assertThat(answer.exhausted()).isTrue();
    }
  }

  private static List<String> scan(Dataset dataset, BufferAllocator allocator) {
    List<String> rows = new ArrayList<>();
    try (ScanCursor cursor = dataset.scan(ScanRequest.all(), allocator)) {
      while (cursor.next()) {
        VectorSchemaRoot root = cursor.root();
        for (int i = 0; i < root.getRowCount(); i++) {
          rows.add(Batches.id(root, i) + "=" + root.getVector("version").getObject(i));
        }
      }
    }
    return rows;
  }

  @Test
  void searchesByIdIncludeTheRowItself(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.UTF8, DIMENSION));
      Batches.put(
          dataset, allocator, Batches.rows(idsOf(IdType.UTF8), Batches.gaussian(50, DIMENSION, 3)));
      try (SearchAnswer answer = dataset.search(SearchRequest.like("row-7", 5), allocator)) {
        assertThat(answer.root().getRowCount()).isEqualTo(5);
        assertThat(Batches.id(answer.root(), 0)).isEqualTo("row-7");
      }
      assertFails(
          Category.NOT_FOUND,
          "'row-99'",
          () -> dataset.search(SearchRequest.like("row-99", 5), allocator));
      assertFails(
          Category.INVALID_ARGUMENT,
          "utf8",
          () -> dataset.search(SearchRequest.like(7L, 5), allocator));
    }
  }

  @Test
  void queryKeysReplaceQueryNumbers(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      List<float[]> vectors = Batches.gaussian(100, DIMENSION, 4);
      Batches.put(dataset, allocator, Batches.rows(i -> (long) i, vectors));
      try (FixedSizeListVector queries =
              Batches.vectors(allocator, "vector", vectors.subList(0, 70));
          FieldVector keys =
              Batches.ids(
                  allocator, vectors.subList(0, 70).stream().map(v -> "q" + v[0]).toList());
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, 2).with().queryKeys(keys).build(), allocator)) {
        FieldVector query = answer.root().getVector("query");
        for (int i = 0; i < 70; i++) {
          assertThat(query.getObject(2 * i + 1)).hasToString("q" + vectors.get(i)[0]);
        }
        assertThat(answer.root().getSchema())
            .isEqualTo(
                dataset.searchSchema(SearchRequest.of(queries, 2).with().queryKeys(keys).build()));
      }
    }
  }

  @Test
  void aSearchThatHasNoTimeLeftSaysSo(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      List<float[]> vectors = Batches.gaussian(100, DIMENSION, 4);
      Batches.put(dataset, allocator, Batches.rows(i -> (long) i, vectors));
      try (FixedSizeListVector queries = Batches.vectors(allocator, "vector", vectors)) {
        SearchRequest request = SearchRequest.of(queries, 2).with().timeout(Duration.ZERO).build();
        assertFails(
            Category.DEADLINE_EXCEEDED, "0 of 100", () -> dataset.search(request, allocator));
      }
    }
  }

  @Test
  void badSearchesAreRefusedByName(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      try (FixedSizeListVector good =
              Batches.vectors(allocator, "vector", Batches.gaussian(2, DIMENSION, 5));
          FixedSizeListVector narrow =
              Batches.vectors(allocator, "vector", Batches.gaussian(2, DIMENSION - 1, 5));
          FixedSizeListVector infinite =
              Batches.vectors(
                  allocator,
                  "vector",
                  List.of(new float[] {0, 0, Float.POSITIVE_INFINITY, 0, 0, 0, 0, 0}))) {
        SearchRequest request = SearchRequest.of(good, 2);
        assertInvalid("k: found 0", dataset, SearchRequest.of(good, 0), allocator);
        assertInvalid("k: found 10001", dataset, SearchRequest.of(good, 10_001), allocator);
        assertInvalid("ef: found 0", dataset, request.with().ef(0).build(), allocator);
        assertInvalid(
            "'year'", dataset, request.with().columns(List.of("year")).build(), allocator);
        assertInvalid("dimension 7", dataset, SearchRequest.of(narrow, 2), allocator);
        assertInvalid("row 0, component 2", dataset, SearchRequest.of(infinite, 2), allocator);
      }
      try (SearchAnswer answer =
          searchEmpty(dataset, allocator, Batches.gaussian(2, DIMENSION, 5))) {
        assertThat(answer.root().getRowCount()).isZero();
        assertThat(answer.exhausted()).isTrue();
      }
    }
  }

  private static SearchAnswer searchEmpty(
      Dataset dataset, BufferAllocator allocator, List<float[]> vectors) {
    try (FixedSizeListVector queries = Batches.vectors(allocator, "vector", vectors)) {
      return dataset.search(SearchRequest.of(queries, 2).with().exact(true).build(), allocator);
    }
  }

  private static void assertInvalid(
      String part, Dataset dataset, SearchRequest request, BufferAllocator allocator) {
    assertFails(Category.INVALID_ARGUMENT, part, () -> dataset.search(request, allocator));
  }

  static void assertFails(
      Category category, String part, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.category()).isEqualTo(category))
        .hasMessageContaining(part);
  }
}
