package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.filter.ColumnIndex;
import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import io.arbalest.store.filter.IndexKind;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestAllocator.class)
class FilteredSearchTest {
  private static final int DIMENSION = 8;
  private static final int ROWS = 6000;

  @TempDir Path directory;

  private static Filter version(Comparison op, int value) {
    return new Filter.Compare("version", op, BigDecimal.valueOf(value));
  }

  /** What {@link #versionOf} says of a row's version, which is null now and then. */
  private static Integer versionOf(int id) {
    return id % 7 == 0 ? null : id % 100;
  }

  private static void fill(Dataset dataset, BufferAllocator allocator) {
    List<float[]> vectors = Batches.gaussian(ROWS, DIMENSION, 3);
    for (int first = 0; first < ROWS; first += 1000) {
      List<Row> rows = new ArrayList<>();
      for (int id = first; id < first + 1000; id++) {
        rows.add(new Row((long) id, vectors.get(id), versionOf(id)));
      }
      Batches.put(dataset, allocator, rows);
    }
    dataset.flush();
  }

  private record Hit(long id, float distance) {}

  private static List<Hit> hits(SearchAnswer answer) {
    VectorSchemaRoot root = answer.root();
    BigIntVector ids = (BigIntVector) root.getVector("id");
    return IntStream.range(0, root.getRowCount())
        .mapToObj(i -> new Hit(ids.get(i), ((Float4Vector) root.getVector("distance")).get(i)))
        .toList();
  }

  @Test
  void aFilteredSearchFindsTheNearestOfTheRowsThatMatch(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      fill(dataset, allocator);
      Batches.delete(dataset, allocator, List.of(1L, 101L, 201L));
      assertNearest(dataset, allocator, version(Comparison.EQ, 1), id -> id % 100 == 1);
      assertNearest(dataset, allocator, version(Comparison.LT, 90), id -> id % 100 < 90);
      assertNearest(dataset, allocator, version(Comparison.GT, 1000), id -> false);
      assertNearest(
          dataset,
          allocator,
          new Filter.And(List.of(version(Comparison.GE, 3), version(Comparison.LE, 3))),
          id -> id % 100 == 3);
      Filter isNull = new Filter.IsNull("version");
      try (SearchAnswer answer = search(dataset, allocator, isNull, 10, false)) {
        assertThat(hits(answer)).hasSize(10).allMatch(hit -> hit.id % 7 == 0);
      }
      try (SearchAnswer answer = search(dataset, allocator, isNull, 1000, false)) {
        assertThat(hits(answer)).hasSize((ROWS + 6) / 7);
        assertThat(answer.exhausted()).isTrue();
      }
    }
  }

  private static SearchAnswer search(
      Dataset dataset, BufferAllocator allocator, Filter filter, int k, boolean exact) {
    try (FixedSizeListVector query =
        Batches.vectors(allocator, "vector", Batches.gaussian(1, DIMENSION, 9))) {
      return dataset.search(
          SearchRequest.builder().queries(query).k(k).filter(filter).exact(exact).build(),
          allocator);
    }
  }

  private static void assertNearest(
      Dataset dataset, BufferAllocator allocator, Filter filter, Predicate<Long> matches) {
    List<Hit> wanted;
    try (SearchAnswer all = search(dataset, allocator, null, ROWS, true)) {
      wanted = hits(all).stream().filter(hit -> hit.id % 7 != 0 && matches.test(hit.id)).toList();
    }
    int matching = wanted.size();
    try (SearchAnswer answer = search(dataset, allocator, filter, 10, true)) {
      assertThat(answer.strategy()).isEqualTo("exact-filtered");
      assertThat(hits(answer)).isEqualTo(wanted.subList(0, Math.min(10, matching)));
      assertThat(answer.visited()).isEqualTo(matching);
      assertThat(answer.exhausted()).isEqualTo(matching < 10);
    }
    try (SearchAnswer answer = search(dataset, allocator, filter, 10, false)) {
      assertThat(hits(answer)).hasSize(Math.min(10, matching));
      assertThat(wanted).containsAll(hits(answer));
      assertThat(answer.strategy())
          .isIn("exact-filtered", "scan-filtered", "filtered-graph", "graph");
      assertThat(answer.exhausted()).isEqualTo(matching < 10);
    }
  }

  @Test
  void aWriteIsSeenByTheNextFilteredSearch(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      Random random = new Random(5);
      Integer[] versions = new Integer[200];
      for (int step = 0; step < 60; step++) {
        int id = random.nextInt(versions.length);
        if (random.nextInt(4) == 0) {
          Batches.delete(dataset, allocator, List.of((long) id));
          versions[id] = null;
        } else {
          versions[id] = random.nextInt(3);
          Batches.put(
              dataset, allocator, List.of(Batches.row((long) id, id, versions[id], DIMENSION)));
        }
        for (int version = 0; version < 3; version++) {
          int wanted = version;
          List<Long> expected =
              IntStream.range(0, versions.length)
                  .filter(i -> versions[i] != null && versions[i] == wanted)
                  .mapToObj(i -> (long) i)
                  .toList();
          try (SearchAnswer answer =
              search(dataset, allocator, version(Comparison.EQ, version), 200, false)) {
            assertThat(hits(answer).stream().map(Hit::id).sorted().toList()).isEqualTo(expected);
          }
        }
      }
    }
  }

  /** Rows of 40 ids are replaced all the time, but each has version 1 in all its rows. */
  @Test
  void aRowThatIsReplacedIsFoundOnceThroughAFilter() {
    try (Store store = Store.open(StoreOptions.of(directory));
        BufferAllocator allocator = new RootAllocator();
        BufferAllocator writers = new RootAllocator()) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      for (int id = 0; id < 80; id++) {
        Batches.put(
            dataset, allocator, List.of(Batches.row((long) id, id, id < 40 ? 1 : 2, DIMENSION)));
      }
      AtomicBoolean writing = new AtomicBoolean(true);
      CompletableFuture<Integer> replaced =
          CompletableFuture.supplyAsync(
              () -> {
                int count = 0;
                for (; writing.get(); count++) {
                  long id = count % 40;
                  Batches.put(
                      dataset, writers, List.of(Batches.row(id, count % 1000, 1, DIMENSION)));
                }
                return count;
              });
      int searches = 0;
      for (long end = System.nanoTime() + 2_000_000_000L; System.nanoTime() < end; searches++) {
        try (SearchAnswer answer =
            search(dataset, allocator, version(Comparison.EQ, 1), 60, searches % 2 == 0)) {
          List<Long> ids = hits(answer).stream().map(Hit::id).toList();
          assertThat(new TreeSet<>(ids)).as("search %d", searches).hasSize(40);
          assertThat(ids).hasSize(40);
          assertThat(answer.exhausted()).isTrue();
        }
      }
      writing.set(false);
      assertThat(replaced.join()).isPositive();
      assertThat(searches).isPositive();
    }
  }

  @Test
  void aScanReturnsTheRowsThatMatchWhenItBegins(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.UTF8, DIMENSION));
      List<Row> rows = new ArrayList<>();
      for (int id = 0; id < 3000; id++) {
        rows.add(Batches.row("r" + id, id % 100, id % 30, DIMENSION));
      }
      Batches.put(dataset, allocator, rows);
      Batches.delete(dataset, allocator, List.of("r7", "r37"));
      for (VectorsAs form : VectorsAs.values()) {
        ScanRequest request =
            new ScanRequest(version(Comparison.EQ, 7), List.of("version"), form, 90);
        try (ScanCursor cursor = dataset.scan(request, allocator)) {
          Batches.put(dataset, allocator, List.of(Batches.row("later", 1, 7, DIMENSION)));
          List<Object> ids = new ArrayList<>();
          while (cursor.next()) {
            for (int i = 0; i < cursor.root().getRowCount(); i++) {
              ids.add(Batches.id(cursor.root(), i));
            }
          }
          List<Object> wanted = new ArrayList<>();
          IntStream.range(2, 92).forEach(i -> wanted.add("r" + (7 + 30 * i)));
          assertThat(ids).isEqualTo(wanted);
        }
        Batches.delete(dataset, allocator, List.of("later"));
      }
      assertFails(
          Category.INVALID_ARGUMENT,
          "field 'x'",
          () ->
              dataset.scan(
                  new ScanRequest(new Filter.IsNull("x"), List.of(), VectorsAs.NONE, 1),
                  allocator));
    }
  }

  @Test
  void whatMatchesIsDeletedForGood(BufferAllocator allocator) {
    Filter odd = new Filter.In("version", List.of(BigDecimal.ONE, BigDecimal.valueOf(3)));
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.UTF8, DIMENSION));
      List<Row> rows = new ArrayList<>();
      for (int id = 0; id < 3000; id++) {
        rows.add(Batches.row("r" + id, id % 100, id % 10, DIMENSION));
      }
      Batches.put(dataset, allocator, rows);
      Batches.put(dataset, allocator, List.of(Batches.row("r1", 1, 2, DIMENSION)));
      DeleteReceipt receipt = dataset.deleteMatching(odd).join();
      assertThat(receipt).isEqualTo(new DeleteReceipt(3, 599, true));
      assertThat(dataset.deleteMatching(odd).join()).isEqualTo(new DeleteReceipt(4, 0, true));
      assertFails(
          Category.INVALID_ARGUMENT,
          "field 'x'",
          () -> dataset.deleteMatching(new Filter.IsNull("x")));
    }
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.dataset("d");
      assertThat(dataset.rowCount()).isEqualTo(2401);
      try (SearchAnswer answer = search(dataset, allocator, odd, 10, false)) {
        assertThat(answer.root().getRowCount()).isZero();
        assertThat(answer.exhausted()).isTrue();
      }
    }
  }

  /** What was sent before the delete and was not even logged then must be seen by it. */
  @Test
  void aDeleteSeesEveryWriteBeforeIt(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      for (int round = 0; round < 20; round++) {
        List<CompletableFuture<WriteReceipt>> sent = new ArrayList<>();
        for (int id = 0; id < 10; id++) {
          try (VectorSchemaRoot batch =
              Batches.batch(allocator, List.of(Batches.row((long) id, id, id % 2, DIMENSION)))) {
            sent.add(dataset.put(batch));
          }
        }
        CompletableFuture<DeleteReceipt> deleted =
            dataset.deleteMatching(version(Comparison.EQ, 1));
        try (VectorSchemaRoot batch =
            Batches.batch(allocator, List.of(Batches.row(1L, 1, 1, DIMENSION)))) {
          sent.add(dataset.put(batch));
        }
        assertThat(deleted.join().deleted()).isEqualTo(5);
        sent.forEach(CompletableFuture::join);
        assertThat(dataset.rowCount()).isEqualTo(6);
      }
    }
  }

  @Test
  void theStatusTellsTheMemoryOfEachIndex(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      assertThat(dataset.status().metadataIndexes())
          .containsExactly(new ColumnIndex("version", IndexKind.AUTO, Set.of(), 0));
      fill(dataset, allocator);
      DatasetStatus status = dataset.status();
      ColumnIndex index = status.metadataIndexes().get(0);
      assertThat(index.kinds()).containsExactly(IndexKind.RANGE);
      assertThat(index.bytes()).isBetween(2000L, 30_000L);
      assertThat(status.metadataIndexBytes()).isEqualTo(index.bytes());
    }
  }

  @Test
  void whatDoesNotFitTheColumnsIsRefusedByName(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      assertInvalid(
          dataset,
          allocator,
          "field 'vershun'",
          new Filter.Not(new Filter.Compare("vershun", Comparison.EQ, BigDecimal.ONE)));
      assertInvalid(
          dataset,
          allocator,
          "column 'version' (Int(32, true)): found 'one', allowed a number",
          new Filter.In("version", List.of("one")));
      assertInvalid(
          dataset,
          allocator,
          "found op 'contains', allowed = != < <= > >= in between is_null",
          new Filter.Contains("version", "1"));
      Filter deep = version(Comparison.EQ, 1);
      for (int i = 0; i < StoreLimits.FILTER_DEPTH_MAX; i++) {
        deep = new Filter.Not(deep);
      }
      assertInvalid(dataset, allocator, "found a depth of 65, allowed 64", deep);
    }
  }

  private static void assertInvalid(
      Dataset dataset, BufferAllocator allocator, String part, Filter filter) {
    assertFails(
        Category.INVALID_ARGUMENT,
        part,
        () -> search(dataset, allocator, filter, 1, false).close());
  }
}
