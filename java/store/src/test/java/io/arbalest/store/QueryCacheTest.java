package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.shard.Shard;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is answered from the cache, what is not, and that it is the same answer. */
@ExtendWith(TestAllocator.class)
class QueryCacheTest {
  private static final int DIMENSION = 8;
  private static final int ROWS = 200;

  @TempDir Path directory;

  private static Dataset fill(Store store, BufferAllocator allocator, String name) {
    Dataset dataset = store.create(Batches.spec(name, IdType.INT64, DIMENSION));
    putAll(dataset, allocator, 0);
    return dataset;
  }

  private static void putAll(Dataset dataset, BufferAllocator allocator, int version) {
    List<Row> rows =
        IntStream.range(0, ROWS)
            .mapToObj(i -> Batches.row((long) i, i, version, DIMENSION))
            .toList();
    Batches.put(dataset, allocator, rows);
    dataset.flush();
  }

  private static FieldVector queries(BufferAllocator allocator, int... numbers) {
    List<float[]> vectors = new ArrayList<>();
    for (int number : numbers) {
      vectors.add(Batches.row(0L, number, 0, DIMENSION).vector());
    }
    return Batches.vectors(allocator, "q", vectors);
  }

  /** Searches near a number; tells whether the answer came from the cache. */
  private static boolean isCached(
      Dataset dataset,
      BufferAllocator allocator,
      int number,
      UnaryOperator<SearchRequest.Builder> change) {
    try (FieldVector queries = queries(allocator, number);
        SearchAnswer answer =
            dataset.search(change.apply(SearchRequest.of(queries, 3).with()).build(), allocator)) {
      assertThat(answer.visited() == 0).isEqualTo(answer.cached());
      return answer.cached();
    }
  }

  private static boolean isCached(Dataset dataset, BufferAllocator allocator, int number) {
    return isCached(dataset, allocator, number, UnaryOperator.identity());
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not within a minute: " + what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @ParameterizedTest
  @EnumSource(VectorsAs.class)
  void theSecondAnswerIsTheFirst(VectorsAs form, BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      Batches.put(dataset, allocator, List.of(new Row(ROWS + 1L, new float[DIMENSION], null)));
      try (FieldVector queries = queries(allocator, 0, 5, 7)) {
        SearchRequest request =
            SearchRequest.of(queries, 500)
                .with()
                .vectorsAs(form)
                .columns(List.of("version"))
                .build();
        try (SearchAnswer first = dataset.search(request, allocator);
            SearchAnswer second = dataset.search(request, allocator);
            SearchAnswer third = dataset.search(request, allocator)) {
          assertThat(first.cached()).isFalse();
          assertThat(second.cached() && third.cached()).isTrue();
          assertThat(first.root().getRowCount()).isEqualTo(3 * (ROWS + 1));
          assertThat(second.root().getSchema()).isEqualTo(first.root().getSchema());
          assertThat(second.root().contentToTSVString())
              .isEqualTo(first.root().contentToTSVString())
              .isEqualTo(third.root().contentToTSVString());
          assertThat(second.strategy()).isEqualTo(first.strategy());
          assertThat(second.exhausted()).isEqualTo(first.exhausted()).isTrue();
        }
      }
    }
  }

  private static void closeIndex(Dataset dataset) throws ReflectiveOperationException {
    Field shard = Dataset.class.getDeclaredField("shard");
    shard.setAccessible(true);
    ((Shard) shard.get(dataset))
        .read(
            state -> {
              state.index().close();
              return null;
            });
  }

  @Test
  void aHitNeedsNoIndex(BufferAllocator allocator) throws ReflectiveOperationException {
    try (Store store = Store.open(StoreOptions.of(directory).withSnapshotWalBytes(0))) {
      Dataset dataset = fill(store, allocator, "d");
      assertThat(isCached(dataset, allocator, 5)).isFalse();
      // With its index closed every native call of a search fails: a hit makes none.
      closeIndex(dataset);
      assertThat(isCached(dataset, allocator, 5)).isTrue();
      assertThatThrownBy(() -> isCached(dataset, allocator, 6)).hasMessageContaining("closed");
    }
  }

  @Test
  void everyWriteMakesTheNextSearchFresh(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      Dataset other = fill(store, allocator, "other");
      assertThat(isCached(other, allocator, 5)).isFalse();
      List<Runnable> writes =
          List.of(
              () -> Batches.put(dataset, allocator, List.of(Batches.row(5L, 5, 1, DIMENSION))),
              () -> Batches.put(dataset, allocator, List.of(Batches.row(999L, 5, 0, DIMENSION))),
              () -> Batches.delete(dataset, allocator, List.of(5L)),
              () -> Batches.delete(dataset, allocator, List.of(12345L)));
      for (Runnable write : writes) {
        isCached(dataset, allocator, 5);
        assertThat(isCached(dataset, allocator, 5)).isTrue();
        write.run();
        assertThat(isCached(dataset, allocator, 5)).isFalse();
        assertThat(isCached(dataset, allocator, 5)).isTrue();
      }
      assertThat(isCached(other, allocator, 5)).as("of a dataset not written").isTrue();
    }
  }

  /** It measures anew how far searches go, and leads them other ways. */
  @Test
  void aFreezeMakesTheNextSearchFresh(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      Dataset other = fill(store, allocator, "other");
      assertThat(isCached(dataset, allocator, 7)).isFalse();
      assertThat(isCached(dataset, allocator, 7)).isTrue();
      assertThat(isCached(other, allocator, 7)).isFalse();
      dataset.freeze();
      assertThat(isCached(dataset, allocator, 7)).isFalse();
      assertThat(isCached(dataset, allocator, 7)).isTrue();
      assertThat(isCached(other, allocator, 7)).as("another dataset's").isTrue();
      await("the answer before the freeze goes", () -> dataset.status().cache().entries() == 1);
    }
  }

  @Test
  void deadEntriesGiveTheirMemoryBack(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      for (int number = 0; number < 100; number++) {
        isCached(dataset, allocator, number);
      }
      CacheStatus before = dataset.status().cache();
      assertThat(before.entries()).isEqualTo(100);
      assertThat(before.bytes()).isGreaterThan(100L * (DIMENSION * Float.BYTES + 3 * 12));
      Batches.delete(dataset, allocator, List.of(5L));
      await("the old answers go", () -> dataset.status().cache().entries() == 0);
      CacheStatus after = dataset.status().cache();
      assertThat(after.bytes()).isZero();
      assertThat(after.invalidations()).isEqualTo(100);
      assertThat(after.evictions()).isZero();
      assertThat(after.misses()).isEqualTo(100);
      assertThat(after.hits()).isZero();
      isCached(dataset, allocator, 1);
      isCached(dataset, allocator, 1);
      assertThat(dataset.status().cache().hits()).isEqualTo(1);
    }
  }

  @Test
  void aDatasetOfTheSameNameHasItsOwn(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset first = fill(store, allocator, "d");
      isCached(first, allocator, 5);
      store.drop("d");
      Dataset second = fill(store, allocator, "d");
      assertThat(second.status().sequence()).isEqualTo(1);
      assertThat(second.status().cache().entries()).isZero();
      assertThat(isCached(second, allocator, 5)).isFalse();
      assertThatThrownBy(() -> isCached(first, allocator, 5))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.category()).isEqualTo(Category.UNAVAILABLE));
    }
  }

  @Test
  void searchesLikeARowAndTextKeysAreRemembered(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      for (boolean cached : new boolean[] {false, true}) {
        try (SearchAnswer answer = dataset.search(SearchRequest.like(7L, 2), allocator)) {
          assertThat(answer.cached()).isEqualTo(cached);
        }
        try (FieldVector queries = queries(allocator, 3, 4);
            FieldVector keys = Batches.ids(allocator, List.of("three", "four"));
            SearchAnswer answer =
                dataset.search(
                    SearchRequest.of(queries, 1).with().queryKeys(keys).build(), allocator)) {
          assertThat(answer.cached()).isEqualTo(cached);
          assertThat(answer.root().getVector("query").getObject(1)).hasToString("four");
        }
      }
    }
  }

  @Test
  void itCanBeTurnedOffByQueryByDatasetAndByStore(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      isCached(dataset, allocator, 5);
      assertThat(isCached(dataset, allocator, 5, b -> b.cache(false))).isFalse();
      assertThat(isCached(dataset, allocator, 6, b -> b.cache(false))).isFalse();
      assertThat(isCached(dataset, allocator, 6)).as("was not kept").isFalse();

      Schema schema = Batches.spec("off", IdType.INT64, DIMENSION).withCache(false).arrowSchema();
      assertThat(schema.getCustomMetadata()).containsEntry("arbalest.cache", "off");
      Dataset off = store.create(DatasetSpec.fromArrow("off", schema));
      assertThat(off.spec().cache()).isFalse();
      putAll(off, allocator, 0);
      isCached(off, allocator, 5);
      assertThat(isCached(off, allocator, 5)).isFalse();
      assertThat(off.status().cache()).isEqualTo(new CacheStatus(0, 0, 0, 0, 0, 0));
    }
    StoreOptions without = StoreOptions.of(directory).withCache(CacheOptions.OFF);
    try (Store store = Store.open(without)) {
      assertThat(store.dataset("off").spec().cache()).isFalse();
      Dataset dataset = store.dataset("d");
      isCached(dataset, allocator, 5);
      assertThat(isCached(dataset, allocator, 5)).isFalse();
    }
  }

  @Test
  void aSwitchThatIsNeitherOnNorOffIsRefused() {
    Schema schema = Batches.spec("d", IdType.INT64, DIMENSION).arrowSchema();
    Schema wrong = new Schema(schema.getFields(), Map.of("arbalest.cache", "no"));
    assertThatThrownBy(() -> DatasetSpec.fromArrow("d", wrong))
        .hasMessageContaining("'arbalest.cache': found 'no', allowed on, off");
  }

  @Test
  void largeAnswersAreNotKept(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, 1024));
      Batches.put(dataset, allocator, Batches.rows(i -> (long) i, Batches.gaussian(300, 1024, 1)));
      for (int k : new int[] {200, 300}) {
        for (int again = 0; again < 2; again++) {
          try (FieldVector queries = Batches.vectors(allocator, "q", Batches.gaussian(1, 1024, 2));
              SearchAnswer answer =
                  dataset.search(
                      SearchRequest.of(queries, k).with().vectorsAs(VectorsAs.FLOAT32).build(),
                      allocator)) {
            // 200 vectors of 4 KiB are below 1 MiB, 300 are above.
            assertThat(answer.cached()).isEqualTo(k == 200 && again == 1);
          }
        }
      }
    }
  }

  @Test
  void itStaysWithinItsBytesAndGivesUpWhatIsOfLeastUse(BufferAllocator allocator) {
    long bytesMax = 64 << 10;
    StoreOptions options =
        StoreOptions.of(directory).withCache(new CacheOptions(bytesMax, Duration.ZERO));
    try (Store store = Store.open(options)) {
      Dataset one = fill(store, allocator, "one");
      Dataset two = fill(store, allocator, "two");
      for (int number = 0; number < ROWS; number++) {
        isCached(one, allocator, number);
        isCached(two, allocator, number);
      }
      await(
          "what is too much goes",
          () -> one.status().cache().bytes() + two.status().cache().bytes() <= bytesMax);
      CacheStatus status = one.status().cache();
      assertThat(status.evictions()).isPositive();
      assertThat(status.entries()).isEqualTo(status.misses() - status.evictions());
    }
  }

  private static long kept(Dataset dataset) {
    return dataset.status().cache().entries();
  }

  @Test
  void refusesOptionsThatCannotBe() {
    assertThatThrownBy(() -> new CacheOptions(-1, Duration.ZERO))
        .hasMessageContaining("cache bytes: found -1");
    assertThatThrownBy(() -> new CacheOptions(1, Duration.ofMillis(-5)))
        .hasMessageContaining("found -5");
  }

  @Test
  void aRootThatIsClosedLeavesOthersOfTheSameEntryAlone(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = fill(store, allocator, "d");
      isCached(dataset, allocator, 5);
      try (FieldVector queries = queries(allocator, 5)) {
        SearchAnswer first = dataset.search(SearchRequest.of(queries, 3), allocator);
        try (SearchAnswer second = dataset.search(SearchRequest.of(queries, 3), allocator)) {
          VectorSchemaRoot root = second.root();
          first.close();
          Batches.delete(dataset, allocator, List.of(5L));
          await("the entry goes", () -> kept(dataset) == 0);
          assertThat(Batches.id(root, 0)).isEqualTo(5L);
        }
      }
    }
  }
}
