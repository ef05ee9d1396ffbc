package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Subsets that kept filters earn, as datasets show them. Closing a store fails if anything that was
 * selected is left.
 */
@ExtendWith(TestAllocator.class)
class KeptSubsetTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 6000;
  private static final int VERSIONS = 3;
  private static final int MATCHING = ROWS / VERSIONS;
  private static final int K = 10;
  private static final String BY_SUBSET = "ivf-filtered";

  @TempDir Path directory;
  private BufferAllocator memory;

  @BeforeEach
  void take(BufferAllocator allocator) {
    memory = allocator;
  }

  /** Without checks of answers, which use filters as well. */
  private StoreOptions options(double price) {
    return StoreOptions.of(directory).withShadow(ShadowOptions.OFF).withSubsetPrice(price);
  }

  private Dataset filled(Store store) {
    Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
    put(dataset, 0, ROWS);
    dataset.flush();
    return dataset;
  }

  private void put(Dataset dataset, int first, int end) {
    put(dataset, first, end, 1, 1);
  }

  /** Rows whose version is the rest of their id, every {@code step}-th id. */
  private void put(Dataset dataset, int first, int end, int step, float scale) {
    List<float[]> vectors = Batches.clustered((end - first) / step, DIMENSION, first + 1);
    List<Row> rows = new ArrayList<>();
    for (float[] vector : vectors) {
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] *= scale;
      }
      long id = first + (long) step * rows.size();
      rows.add(new Row(id, vector, (int) (id % VERSIONS)));
    }
    Batches.put(dataset, memory, rows);
  }

  private static Filter version(int value) {
    return new Filter.Compare("version", Comparison.EQ, BigDecimal.valueOf(value));
  }

  private record Found(String strategy, List<Long> ids) {}

  private Found search(Dataset dataset, Filter filter, long seed, int k, boolean exact) {
    try (FieldVector query =
            Batches.vectors(memory, "q", Batches.clustered(1, DIMENSION, -seed - 1));
        SearchAnswer answer =
            dataset.search(
                SearchRequest.of(query, k).with().filter(filter).exact(exact).cache(false).build(),
                memory)) {
      List<Long> ids = new ArrayList<>();
      for (int i = 0; i < answer.root().getRowCount(); i++) {
        ids.add((Long) Batches.id(answer.root(), i));
      }
      return new Found(answer.strategy(), ids);
    }
  }

  private Found search(Dataset dataset, int version, long seed) {
    return search(dataset, version(version), seed, K, false);
  }

  private static FilterCacheStatus status(Dataset dataset) {
    return dataset.status().filterCache();
  }

  /** Searches until a dataset has built so many; returns how often. */
  private int searchUntilBuilt(Dataset dataset, int version, long builds) {
    int searches = 1;
    search(dataset, version, 0);
    for (; status(dataset).subsetBuilds() < builds && searches < 5_000; searches++) {
      search(dataset, version, searches);
    }
    assertThat(status(dataset).subsetBuilds()).isEqualTo(builds);
    Await.until("it is kept", () -> search(dataset, version, 1).strategy().equals(BY_SUBSET));
    return searches;
  }

  /** Searches by the subset, which finds nearly what an exact search does, and all that match. */
  private void assertRight(Dataset dataset, int version, int matching) {
    int right = 0;
    int queries = 20;
    for (int query = 0; query < queries; query++) {
      Found found = search(dataset, version, query);
      assertThat(found.strategy()).isEqualTo(BY_SUBSET);
      Found truth = search(dataset, version(version), query, K, true);
      assertThat(truth.strategy()).isEqualTo("exact-filtered");
      assertThat(found.ids()).hasSize(K).doesNotHaveDuplicates();
      assertThat(found.ids()).allMatch(id -> id % VERSIONS == version);
      right += (int) truth.ids().stream().filter(found.ids()::contains).count();
    }
    assertThat(right).isGreaterThanOrEqualTo(queries * K * 19 / 20);
    assertThat(search(dataset, version(version), 0, ROWS, false).ids()).hasSize(matching);
  }

  @Test
  void aFilterEarnsASubsetBySearches() {
    try (Store store = Store.open(options(StoreOptions.of(directory).subsetPrice()))) {
      Dataset dataset = filled(store);
      search(dataset, 1, 0);
      long before = status(dataset).bytes();
      assertThat(status(dataset).subsets()).isZero();
      assertThat(searchUntilBuilt(dataset, 1, 1)).isGreaterThan(5);
      FilterCacheStatus after = status(dataset);
      assertThat(after.subsets()).isEqualTo(1);
      assertThat(after.subsetNanos()).isPositive();
      assertThat(after.entries()).isEqualTo(1);
      assertThat(after.evictions()).isZero();
      assertThat(after.bytes() - before).isBetween(8L * MATCHING, 400L * MATCHING);
      assertRight(dataset, 1, MATCHING);
      dataset.forgetFilters();
      assertThat(status(dataset).subsets()).isZero();
      assertThat(status(dataset).bytes()).isZero();
      assertThat(search(dataset, 1, 0).strategy()).isNotEqualTo(BY_SUBSET);
    }
  }

  @Test
  void searchesThatItWouldNotSaveEarnNothing() {
    try (Store store = Store.open(options(0))) {
      Dataset dataset = filled(store);
      Filter most = new Filter.Compare("version", Comparison.GE, BigDecimal.ZERO);
      Filter few = new Filter.Compare("version", Comparison.GT, BigDecimal.valueOf(VERSIONS));
      for (int i = 0; i < 20; i++) {
        search(dataset, version(1), i, K, true);
        search(dataset, version(2), i, ROWS, false);
        search(dataset, most, i, K, false);
        search(dataset, few, i, K, false);
      }
      searchUntilBuilt(dataset, 0, 1); // what was ordered before would be built by now
      assertThat(status(dataset).entries()).isEqualTo(5);
      assertThat(search(dataset, 1, 1).strategy()).isNotEqualTo(BY_SUBSET);
      assertThat(search(dataset, version(0), 1, MATCHING, false).strategy())
          .isEqualTo("exact-filtered");
    }
  }

  @Test
  void rowsThatComeAndGoAreSeenThroughIt() {
    try (Store store = Store.open(options(0))) {
      Dataset dataset = filled(store);
      searchUntilBuilt(dataset, 1, 1);
      put(dataset, ROWS, ROWS + 300); // a hundred of them match
      assertRight(dataset, 1, MATCHING + 100);
      Set<Long> gone = new HashSet<>();
      for (int query = 0; query < 10; query++) {
        gone.addAll(search(dataset, 1, query).ids());
      }
      Batches.delete(dataset, memory, List.copyOf(gone));
      for (int query = 0; query < 20; query++) {
        assertThat(search(dataset, 1, query).ids()).noneMatch(gone::contains);
      }
      assertRight(dataset, 1, MATCHING + 100 - gone.size());
      assertThat(status(dataset).subsetBuilds()).isEqualTo(1);
      assertThat(status(dataset).subsets()).isEqualTo(1);
    }
  }

  @Test
  void itIsRenewedOnceTooManyCameOrWent() {
    try (Store store = Store.open(options(0))) {
      Dataset dataset = filled(store);
      searchUntilBuilt(dataset, 1, 1);
      put(dataset, ROWS, ROWS + 900);
      searchUntilBuilt(dataset, 1, 2);
      assertRight(dataset, 1, MATCHING + 300);
      List<Long> gone = LongStream.range(0, 1200).boxed().toList();
      Batches.delete(dataset, memory, gone);
      searchUntilBuilt(dataset, 1, 3);
      assertRight(dataset, 1, MATCHING + 300 - 400);
      assertThat(status(dataset).subsets()).isEqualTo(1);
    }
  }

  /**
   * Rows that the filter does not match come: its subset lacks nothing, however many they are.
   * Those far outside the others' range make a freeze fit the codes anew. Nothing else happens
   * between a search by the subset and one that has no use for it any more.
   */
  @Test
  void itIsRenewedWithTheCodesItWasMadeOf() {
    try (Store store = Store.open(options(0))) {
      Dataset dataset = filled(store);
      String without = search(dataset, 1, 0).strategy();
      searchUntilBuilt(dataset, 1, 1);
      putOthers(dataset, ROWS, 2 * ROWS, 1);
      dataset.freeze(); // the codes fit these as well
      assertRight(dataset, 1, MATCHING);

      putOthers(dataset, 2 * ROWS, 3 * ROWS, 2);
      assertRight(dataset, 1, MATCHING);
      assertThat(status(dataset).subsetsDue()).isZero();
      assertThat(status(dataset).subsetBuilds()).isEqualTo(1);
      long refreshes = status(dataset).refreshes();
      dataset.freeze();
      assertThat(search(dataset, 1, 0).strategy()).isEqualTo(without).isNotEqualTo(BY_SUBSET);
      searchUntilBuilt(dataset, 1, 2);
      assertRight(dataset, 1, MATCHING);
      assertThat(status(dataset).refreshes()).isEqualTo(refreshes);
      assertThat(status(dataset).subsets()).isEqualTo(1);
      assertThat(status(dataset).subsetBuilds()).isEqualTo(2);
    }
  }

  /** As many rows, in the graph, of another version than the filter's. */
  private void putOthers(Dataset dataset, int first, int end, float scale) {
    put(dataset, VERSIONS * first, VERSIONS * end, VERSIONS, scale);
    dataset.flush();
  }

  @Test
  void whatHasNoRoomForItGetsNone() {
    // Room for bits, but not for codes of the rows in a fourth of it.
    for (StoreOptions options :
        List.of(
            options(0).withFilterCacheBytes(40_000),
            options(0).withFilterCacheBytes(0),
            options(Double.POSITIVE_INFINITY))) {
      try (Store store = Store.open(options)) {
        Dataset dataset = store.datasets().isEmpty() ? filled(store) : store.dataset("d");
        for (int i = 0; i < 50; i++) {
          assertThat(search(dataset, 1, i).strategy()).isNotEqualTo(BY_SUBSET);
        }
        assertThat(status(dataset).subsetBuilds()).isZero();
      }
    }
    assertThatThrownBy(() -> options(-1)).hasMessage("subset price: found -1.0, allowed 0 or more");
    assertThatThrownBy(() -> options(Double.NaN)).hasMessageContaining("found NaN");
  }

  /** Room for some of them: they are counted with the rest and go when others are used more. */
  @Test
  void theyAreBoundedByTheCachesMemory() {
    long bytesMax = 2_000_000;
    try (Store store = Store.open(options(0).withFilterCacheBytes(bytesMax))) {
      Dataset dataset = filled(store);
      for (int turn = 0; turn < 40; turn++) {
        Filter filter = new Filter.Between("version", BigDecimal.valueOf(-turn), BigDecimal.ONE);
        for (int i = 0; i < 3; i++) {
          assertThat(search(dataset, filter, i, K, false).ids()).hasSize(K);
        }
      }
      Await.until("all are built", () -> status(dataset).subsetsDue() == 0);
      search(dataset, 1, 0); // clears up if others could not
      assertThat(status(dataset).subsetBuilds()).isGreaterThan(3);
      assertThat(status(dataset).subsets()).isPositive();
      assertThat(status(dataset).bytes()).isBetween(0L, bytesMax);
      assertThat(status(dataset).evictions()).isPositive();
    }
  }

  @Test
  void closingAndDroppingLeavesNothingBehind() {
    for (int round = 0; round < 6; round++) {
      try (Store store = Store.open(options(0))) {
        Dataset dataset = round == 0 ? filled(store) : store.dataset("d");
        for (int i = 0; i < 20; i++) { // more than are built until the close
          search(
              dataset,
              new Filter.Not(new Filter.Or(List.of(version(i % 3), version(20 + i)))),
              i,
              K,
              false);
        }
        if (round == 5) {
          store.drop("d");
        }
      }
    }
  }
}
