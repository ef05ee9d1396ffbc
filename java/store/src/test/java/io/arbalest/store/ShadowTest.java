package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.ShadowStatus.StrategyRecall;
import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Live searches of a real store, checked in the background. */
@ExtendWith(TestAllocator.class)
class ShadowTest {
  private static final int DIMENSION = 32;
  private static final int DIMENSION_CODED = 64;
  private static final int ROWS = 3000;
  private static final ShadowOptions ALL = new ShadowOptions(1, 1);

  @TempDir Path directory;
  private BufferAllocator memory;

  @BeforeEach
  void take(BufferAllocator allocator) {
    memory = allocator;
  }

  private Dataset fill(Store store) {
    Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION).withGraph(2, 4));
    Batches.put(dataset, memory, Batches.rows(i -> (long) i, Batches.gaussian(ROWS, DIMENSION, 1)));
    dataset.flush();
    return dataset;
  }

  private void search(
      Dataset dataset, int queries, long seed, UnaryOperator<SearchRequest.Builder> how) {
    int dimension = dataset.spec().dimension();
    try (FieldVector vectors =
        Batches.vectors(memory, "q", Batches.clustered(queries, dimension, seed))) {
      dataset
          .search(how.apply(SearchRequest.of(vectors, 10).with().cache(false)).build(), memory)
          .close();
    }
  }

  /** Searches until this many samples of a strategy were checked. */
  private StrategyRecall recall(
      Dataset dataset,
      String strategy,
      int samples,
      int queries,
      UnaryOperator<SearchRequest.Builder> how) {
    for (long seed = 100; seed < 100_000; seed++) {
      search(dataset, queries, seed, how);
      for (StrategyRecall seen : dataset.status().shadow().strategies()) {
        if (seen.strategy().equals(strategy) && seen.samples() >= samples) {
          assertThat(seen.recall()).isEqualTo(seen.recallSum() / seen.samples());
          return seen;
        }
      }
      LockSupport.parkNanos(100_000);
    }
    throw new AssertionError("too few samples: " + dataset.status().shadow());
  }

  @Test
  void aBadGraphShowsAndAnExactSearchIsRight() {
    try (Store store = Store.open(StoreOptions.of(directory).withShadow(ALL))) {
      Dataset dataset = fill(store);
      assertThat(dataset.status().shadow().strategies()).isEmpty();
      StrategyRecall graph = recall(dataset, "graph", 50, 1, b -> b.ef(1));
      assertThat(graph.recall()).isBetween(0.001, 0.9);
      StrategyRecall exact = recall(dataset, "exact", 20, 1, b -> b.exact(true));
      assertThat(exact.recall()).isEqualTo(1);
    }
  }

  @Test
  void everyQueryOfACallMayBeASampleWhateverItsKey() {
    try (Store store = Store.open(StoreOptions.of(directory).withShadow(ALL))) {
      Dataset dataset = fill(store);
      assertThat(recall(dataset, "exact", 20, 5, b -> b.exact(true)).recall()).isEqualTo(1);
      List<String> keys = List.of("a", "b", "c", "d", "e");
      try (FieldVector named = Batches.ids(memory, keys)) {
        long before = recall(dataset, "exact", 20, 5, b -> b.exact(true)).samples();
        StrategyRecall after =
            recall(dataset, "exact", (int) before + 20, 5, b -> b.exact(true).queryKeys(named));
        assertThat(after.recall()).isEqualTo(1);
      }
    }
  }

  @Test
  void searchesLikeARowAreSampledToo() {
    try (Store store = Store.open(StoreOptions.of(directory).withShadow(ALL))) {
      Dataset dataset = fill(store);
      UnaryOperator<SearchRequest.Builder> like = b -> b.queries(null).likeId(7L).exact(true);
      assertThat(recall(dataset, "exact", 5, 1, like).recall()).isEqualTo(1);
    }
  }

  @Test
  void searchesBySubsetsAreCountedByThemselves() {
    Filter all = new Filter.Compare("version", Comparison.EQ, BigDecimal.ZERO);
    try (Store store = Store.open(StoreOptions.of(directory).withShadow(ALL).withSubsetPrice(0))) {
      Dataset dataset =
          store.create(Batches.spec("d", IdType.INT64, DIMENSION_CODED).withGraph(2, 4));
      Batches.put(
          dataset,
          memory,
          Batches.rows(i -> (long) i, Batches.clustered(ROWS, DIMENSION_CODED, 1)));
      // Others, so that not nearly all rows match.
      List<Batches.Row> others = new ArrayList<>();
      for (float[] vector : Batches.clustered(ROWS, DIMENSION_CODED, 2)) {
        others.add(new Batches.Row((long) ROWS + others.size(), vector, 1));
      }
      Batches.put(dataset, memory, others);
      dataset.flush();
      StrategyRecall seen = recall(dataset, "ivf-filtered", 50, 1, b -> b.filter(all));
      assertThat(seen.recall()).isBetween(0.9, 1.0);
    }
  }

  @Test
  void nothingIsSampledWhereItIsOff() {
    StoreOptions options = StoreOptions.of(directory).withShadow(ShadowOptions.OFF);
    try (Store store = Store.open(options)) {
      Dataset dataset = fill(store);
      for (int i = 0; i < 100; i++) {
        search(dataset, 10, i, UnaryOperator.identity());
      }
      assertThat(dataset.status().shadow()).isEqualTo(new ShadowStatus(List.of(), 0, 0));
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().equals("arbalest-shadow"));
    }
  }

  @Test
  void droppingAndClosingWhileSamplesAreCheckedLeavesNothing() throws Exception {
    for (int round = 0; round < 5; round++) {
      ExecutorService threads = Executors.newCachedThreadPool();
      List<Future<?>> searches = new ArrayList<>();
      try (Store store =
          Store.open(StoreOptions.of(directory.resolve("r" + round)).withShadow(ALL))) {
        Dataset dataset = fill(store);
        for (int thread = 0; thread < 3; thread++) {
          long seed = thread;
          searches.add(threads.submit(() -> searchUntilClosed(dataset, seed)));
        }
        recall(dataset, "graph", 5, 1, UnaryOperator.identity());
        if (round % 2 == 0) {
          store.drop("d");
        }
      }
      for (Future<?> search : searches) {
        search.get();
      }
      threads.shutdown();
    }
  }

  private static void searchUntilClosed(Dataset dataset, long seed) {
    try (BufferAllocator own = new RootAllocator();
        FieldVector vectors = Batches.vectors(own, "q", Batches.gaussian(20, DIMENSION, seed))) {
      SearchRequest request = SearchRequest.of(vectors, 10).with().cache(false).build();
      while (true) {
        dataset.search(request, own).close();
      }
    } catch (StoreException e) {
      assertThat(e.category()).isEqualTo(StoreException.Category.UNAVAILABLE);
    }
  }

  @Test
  void refusesSharesThatCannotBe() {
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> new ShadowOptions(share, 0.5))
          .hasMessageContaining("shadow share: found " + share);
    }
    for (double share : new double[] {0, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> new ShadowOptions(0.5, share))
          .hasMessageContaining("shadow core share: found " + share);
    }
  }
}
