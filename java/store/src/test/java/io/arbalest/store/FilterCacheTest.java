package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is kept of filters, as datasets show it. Closing a store fails if anything selected is left.
 */
@ExtendWith(TestAllocator.class)
class FilterCacheTest {
  private static final int DIMENSION = 4;
  private static final int ROWS = 3000;
  private static final int VERSIONS = 30;
  private static final FilterCacheStatus NOTHING =
      new FilterCacheStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  @TempDir Path directory;

  /** Without checks of answers, which use filters as well. */
  private StoreOptions options() {
    return StoreOptions.of(directory).withShadow(ShadowOptions.OFF);
  }

  private static Filter version(Comparison op, int value) {
    return new Filter.Compare("version", op, BigDecimal.valueOf(value));
  }

  private static Dataset filled(Store store, String name, BufferAllocator allocator) {
    Dataset dataset = store.create(Batches.spec(name, IdType.INT64, DIMENSION));
    put(dataset, allocator, 0, ROWS);
    return dataset;
  }

  private static void put(Dataset dataset, BufferAllocator allocator, long first, long end) {
    List<Row> rows = new ArrayList<>();
    for (long id = first; id < end; id++) {
      rows.add(Batches.row(id, (int) id, (int) id % VERSIONS, DIMENSION));
    }
    Batches.put(dataset, allocator, rows);
  }

  /** The ids that a search for all rows of a filter finds, in order. */
  private static List<Long> found(Dataset dataset, BufferAllocator allocator, Filter filter) {
    try (var query = Batches.vectors(allocator, "vector", List.of(new float[DIMENSION]));
        SearchAnswer answer =
            dataset.search(
                SearchRequest.of(query, ROWS).with().filter(filter).cache(false).build(),
                allocator)) {
      List<Long> ids = new ArrayList<>();
      for (int i = 0; i < answer.root().getRowCount(); i++) {
        ids.add((Long) Batches.id(answer.root(), i));
      }
      return ids.stream().sorted().toList();
    }
  }

  private static List<Long> idsOf(int version, int rows) {
    return LongStream.range(0, rows).filter(id -> id % VERSIONS == version).boxed().toList();
  }

  private static void assertUses(Dataset dataset, long hits, long refreshes, long misses) {
    FilterCacheStatus status = dataset.status().filterCache();
    assertThat(List.of(status.hits(), status.refreshes(), status.misses()))
        .as("hits, refreshes, misses")
        .isEqualTo(List.of(hits, refreshes, misses));
  }

  @Test
  void aFilterThatWasUsedIsReadyUntilRowsAreWritten(BufferAllocator allocator) {
    try (Store store = Store.open(options())) {
      Dataset dataset = filled(store, "d", allocator);
      List<Long> wanted = new ArrayList<>(idsOf(7, ROWS));
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 0, 0, 1);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 1, 0, 1);

      put(dataset, allocator, ROWS, ROWS + 40); // new rows
      wanted.add(3007L);
      wanted.add(3037L);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 1, 1, 1);

      put(dataset, allocator, 7, 9); // the same rows again
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 1, 2, 1);

      Batches.delete(dataset, allocator, List.of(37L));
      wanted.remove(37L);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 1, 3, 1);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEqualTo(wanted);
      assertUses(dataset, 2, 3, 1);

      // A delete uses the rows that are ready, and makes them useless.
      assertThat(dataset.deleteMatching(version(Comparison.EQ, 7)).join().deleted())
          .isEqualTo(wanted.size());
      assertUses(dataset, 3, 3, 1);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 7))).isEmpty();
      assertUses(dataset, 3, 4, 1);
    }
  }

  @Test
  void addedColumnsLeaveWhatIsKeptAndAreFilteredThemselves(BufferAllocator allocator) {
    Field word = new Field("word", FieldType.nullable(ArrowType.Utf8.INSTANCE), null);
    try (Store store = Store.open(options())) {
      Dataset dataset = filled(store, "d", allocator);
      assertThat(found(dataset, allocator, version(Comparison.EQ, 3))).isEqualTo(idsOf(3, ROWS));
      dataset.addColumns(List.of(word));
      assertThat(found(dataset, allocator, version(Comparison.EQ, 3))).isEqualTo(idsOf(3, ROWS));
      assertUses(dataset, 1, 0, 1);
      Filter both = new Filter.And(List.of(new Filter.IsNull("word"), version(Comparison.EQ, 3)));
      assertThat(found(dataset, allocator, both)).isEqualTo(idsOf(3, ROWS));
      put(dataset, allocator, ROWS, ROWS + VERSIONS);
      assertThat(found(dataset, allocator, both)).isEqualTo(idsOf(3, ROWS + VERSIONS));
      assertUses(dataset, 1, 1, 2);
    }
  }

  @Test
  void itsMemoryIsToldAndGivenBack(BufferAllocator allocator) {
    try (Store store = Store.open(options())) {
      Dataset one = filled(store, "one", allocator);
      Dataset other = filled(store, "other", allocator);
      found(one, allocator, version(Comparison.EQ, 3));
      found(one, allocator, version(Comparison.EQ, 4));
      found(other, allocator, version(Comparison.EQ, 3));
      FilterCacheStatus status = one.status().filterCache();
      assertThat(status.entries()).isEqualTo(2);
      // Bits of the rows, on the heap and twice off it, and the filter.
      assertThat(status.bytes()).isBetween(2L * 3 * ROWS / 8, 10_000L);
      one.forgetFilters();
      assertThat(one.status().filterCache().entries()).isZero();
      assertThat(one.status().filterCache().bytes()).isZero();
      found(one, allocator, version(Comparison.EQ, 3));
      assertUses(one, 0, 0, 3);
      store.drop("one");
      assertThat(found(other, allocator, version(Comparison.EQ, 3))).isEqualTo(idsOf(3, ROWS));
      assertUses(other, 1, 0, 1);
      Dataset again = store.create(Batches.spec("one", IdType.INT64, DIMENSION));
      put(again, allocator, 0, 10);
      assertThat(found(again, allocator, version(Comparison.EQ, 3))).isEqualTo(List.of(3L));
      assertUses(again, 0, 0, 1);
    }
  }

  @Test
  void withoutItFiltersSelectAnew(BufferAllocator allocator) {
    try (Store store = Store.open(options().withFilterCacheBytes(0))) {
      Dataset dataset = filled(store, "d", allocator);
      for (int i = 0; i < 2; i++) {
        assertThat(found(dataset, allocator, version(Comparison.EQ, 3))).isEqualTo(idsOf(3, ROWS));
      }
      dataset.forgetFilters();
      assertThat(dataset.status().filterCache()).isEqualTo(NOTHING);
    }
  }

  /** There is room for a few filters of many, so they go while others search with them. */
  @Test
  void whatIsGivenUpIsGoodUntilItsSearchesEnd() throws Exception {
    int bytesMax = 5_000;
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (Store store = Store.open(options().withFilterCacheBytes(bytesMax));
        BufferAllocator allocator = new RootAllocator()) {
      Dataset dataset = filled(store, "d", allocator);
      List<Future<?>> searches = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        Random random = new Random(thread);
        searches.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 300; i++) {
                    int version = random.nextInt(VERSIONS);
                    assertThat(found(dataset, allocator, version(Comparison.EQ, version)))
                        .isEqualTo(idsOf(version, ROWS));
                    if (i % 50 == 0) {
                      dataset.forgetFilters();
                    }
                  }
                }));
      }
      for (Future<?> search : searches) {
        search.get();
      }
      found(dataset, allocator, version(Comparison.EQ, 0)); // clears up if others could not
      FilterCacheStatus status = dataset.status().filterCache();
      assertThat(status.hits() + status.refreshes() + status.misses()).isEqualTo(901);
      assertThat(status.evictions()).isPositive();
      assertThat(status.bytes()).isBetween(0L, (long) bytesMax);
    } finally {
      threads.shutdown();
    }
  }
}
