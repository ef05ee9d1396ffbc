package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.FilterModel.Item;
import io.arbalest.store.filter.Filter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Filtered searches beside brute force: random trees over columns that know of the vectors, random
 * k up to more than match, at rest and while another thread upserts and deletes. A failure names
 * the seed; {@code -Darbalest.filterSeed} repeats it.
 */
class FilterOracleTest {
  private static final int ROWS = 20_000;

  /** Rows of so few components have no codes ... */
  private static final int DIMENSION_SMALL = 12;

  /** ... and these have, which scans read and subsets are made of. */
  private static final int DIMENSION_CODED = 64;

  private static final int SEARCHES = 300;
  private static final int SEARCHES_BESIDE_WRITES = 200;
  private static final int BATCH_ROWS = 2_000;
  private static final int FILTERS_USED_AGAIN = 8;

  /** Ids that the writer leaves alone are the multiples of this. */
  private static final int STABLE = 2;

  /** Of a strategy's wanted hits, and of all searches those that find something right. */
  private static final double RECALL_MIN = 0.95;

  private static final double SEARCHES_RIGHT_MIN = 0.99;

  private static final Set<String> EXACT = Set.of("exact", "exact-filtered");

  private final long seed = Long.getLong("arbalest.filterSeed", System.nanoTime());
  private final Random random = new Random(seed);
  private FilterModel model;
  private final Map<Long, Item> items = new HashMap<>();
  private final List<Filter> used = new ArrayList<>();

  /** The searches at rest, by strategy. */
  private final Map<String, List<Judged>> judged = new TreeMap<>();

  @TempDir Path directory;

  /** A hit with the row as the answer shows it. */
  private record Hit(Item item, float distance) {}

  /** How many hits were right, of those wanted. */
  private record Judged(long found, long wanted) {
    long missed() {
      return wanted - found;
    }
  }

  private record Answer(String strategy, boolean exhausted, List<Hit> hits) {}

  @Test
  void answersAreThoseOfBruteForce() throws Exception {
    run(DIMENSION_SMALL);
    assertThat(judged).as(where("the run")).doesNotContainKey("ivf-filtered");
  }

  @Test
  void answersAreThoseOfBruteForceWhereFiltersEarnSubsetsAtOnce() throws Exception {
    run(DIMENSION_CODED);
    assertThat(judged).as(where("the run")).containsKey("ivf-filtered");
  }

  private void run(int dimension) {
    model = new FilterModel(random, dimension);
    StoreOptions options = StoreOptions.of(directory).withSubsetPrice(0);
    try (BufferAllocator allocator = new RootAllocator()) {
      try (Store store = Store.open(options)) {
        Dataset dataset = store.create(model.spec("d"));
        fill(dataset, allocator);
        for (int search = 0; search < SEARCHES; search++) {
          searchAtRest(dataset, allocator, search);
        }
        searchBesideWrites(dataset, allocator);
        dataset.flush();
        for (int search = 0; search < SEARCHES / 5; search++) {
          searchAtRest(dataset, allocator, search);
        }
        FilterCacheStatus cache = dataset.status().filterCache();
        assertThat(cache.hits()).as(where("the run")).isPositive();
        assertThat(cache.refreshes()).as(where("the run")).isPositive();
        dataset.snapshot();
      }
      try (Store store = Store.open(options)) {
        for (int search = 0; search < SEARCHES / 5; search++) {
          searchAtRest(store.dataset("d"), allocator, search);
        }
      }
    }
    checkRecalls();
  }

  /**
   * A walk of the graph may end in another cluster than the query's: of a thousand in such data up
   * to three do (graph_clusters_test), and then all that was wanted is missed. Of a strategy that
   * was chosen a few times one such search would decide. So the worst search of each strategy does
   * not count there: that two of few are such is no chance, and of many one weighs little. How many
   * there are is judged over all strategies together.
   */
  private void checkRecalls() {
    assertThat(judged.keySet()).as("strategies, %s", where("the run")).hasSizeGreaterThan(1);
    judged.forEach(
        (strategy, searches) -> {
          boolean isExact = EXACT.contains(strategy);
          long wanted = searches.stream().mapToLong(Judged::wanted).sum();
          long missed = searches.stream().mapToLong(Judged::missed).sum();
          Judged worst = Collections.max(searches, Comparator.comparingLong(Judged::missed));
          if (!isExact) {
            wanted -= worst.wanted();
            missed -= worst.missed();
          }
          assertThat(missed)
              .as("missed by %s, of %d hits, %s", strategy, wanted, where("the run"))
              .isLessThanOrEqualTo(isExact ? 0 : (long) Math.ceil(wanted * (1 - RECALL_MIN)));
        });
    List<Judged> all = judged.values().stream().flatMap(List::stream).toList();
    assertThat(all.stream().filter(search -> search.found() > 0).count())
        .as("searches that found something right, of %d, %s", all.size(), where("the run"))
        .isGreaterThanOrEqualTo((long) (all.size() * SEARCHES_RIGHT_MIN));
  }

  private void fill(Dataset dataset, BufferAllocator allocator) {
    List<Item> batch = new ArrayList<>();
    for (long id = 0; id < ROWS; id++) {
      batch.add(model.item(id));
      if (batch.size() == BATCH_ROWS) {
        put(dataset, allocator, batch);
        batch.forEach(item -> items.put(item.id(), item));
        batch.clear();
      }
    }
    dataset.flush();
    dataset.freeze();
  }

  /** k of all sizes: mostly small, sometimes more than match. */
  private int randomK() {
    return switch (random.nextInt(6)) {
      case 0 -> 1;
      case 1 -> 1 + random.nextInt(300);
      case 2 -> 1 + random.nextInt(3_000);
      default -> 1 + random.nextInt(20);
    };
  }

  /** A new one, or one of the last: what is remembered of it was perhaps selected before writes. */
  private Filter randomFilter() {
    if (used.size() < FILTERS_USED_AGAIN || random.nextBoolean()) {
      used.add(model.filter());
      return used.get(used.size() - 1);
    }
    return used.get(used.size() - 1 - random.nextInt(FILTERS_USED_AGAIN));
  }

  private void searchAtRest(Dataset dataset, BufferAllocator allocator, int number) {
    Filter filter = randomFilter();
    float[] query = model.query();
    int k = randomK();
    String where = where("search " + number + " at rest, k = " + k + ", " + filter);
    List<Item> right = nearest(items.values(), filter, query);
    Answer answer = search(dataset, allocator, filter, query, k);
    assertThat(answer.hits()).as(where).hasSize(Math.min(k, right.size()));
    assertThat(answer.exhausted()).as(where).isEqualTo(right.size() < k);
    checkHits(answer, filter, query, where);
    for (Hit hit : answer.hits()) {
      Item put = items.get(hit.item().id());
      assertThat(hit.item().vector()).as(where).isEqualTo(put.vector());
      assertThat(hit.item().topic()).as(where).isEqualTo(put.topic());
    }
    if (!answer.hits().isEmpty()) {
      count(answer, right, query);
    }
  }

  /** A hit no farther than the last that brute force has is right: distances tie. */
  private void count(Answer answer, List<Item> right, float[] query) {
    int wanted = answer.hits().size();
    float limit = FilterModel.distance(query, right.get(wanted - 1).vector());
    long found = answer.hits().stream().filter(hit -> hit.distance() <= limit).count();
    judged
        .computeIfAbsent(answer.strategy(), name -> new ArrayList<>())
        .add(new Judged(found, wanted));
  }

  /** What holds for every answer, whatever is written meanwhile. */
  private static void checkHits(Answer answer, Filter filter, float[] query, String where) {
    Set<Long> seen = new HashSet<>();
    float last = Float.NEGATIVE_INFINITY;
    for (Hit hit : answer.hits()) {
      assertThat(FilterModel.matches(filter, hit.item())).as("%s: %s", where, hit).isTrue();
      assertThat(seen.add(hit.item().id())).as("%s: %s comes twice", where, hit).isTrue();
      assertThat(hit.distance())
          .as("%s: distance of %s", where, hit)
          .isEqualTo(FilterModel.distance(query, hit.item().vector()))
          .isGreaterThanOrEqualTo(last);
      last = hit.distance();
    }
  }

  /**
   * A thread upserts and deletes the ids that are not stable. An answer is as long as the stable
   * rows alone make it, and one by an exact scan has every stable row that is nearer than its last.
   */
  private void searchBesideWrites(Dataset dataset, BufferAllocator allocator) {
    AtomicBoolean writing = new AtomicBoolean(true);
    FilterModel written = new FilterModel(new Random(seed + 1), model.dimension());
    List<Item> stable = items.values().stream().filter(item -> item.id() % STABLE == 0).toList();
    CompletableFuture<Map<Long, Item>> writer =
        CompletableFuture.supplyAsync(() -> write(dataset, allocator, written, writing));
    try {
      for (int search = 0; search < SEARCHES_BESIDE_WRITES; search++) {
        Filter filter = randomFilter();
        float[] query = model.query();
        int k = randomK();
        String where = where("search " + search + " beside writes, k = " + k + ", " + filter);
        List<Item> right = nearest(stable, filter, query);
        Answer answer = search(dataset, allocator, filter, query, k);
        assertThat(answer.hits().size()).as(where).isBetween(Math.min(k, right.size()), k);
        checkHits(answer, filter, query, where);
        if (EXACT.contains(answer.strategy()) && !answer.hits().isEmpty()) {
          checkStable(answer, right, query, k, where);
        }
      }
    } finally {
      writing.set(false);
      Map<Long, Item> changed = writer.join();
      changed.forEach(
          (id, item) -> {
            if (item == null) {
              items.remove(id);
            } else {
              items.put(id, item);
            }
          });
    }
  }

  private static void checkStable(
      Answer answer, List<Item> right, float[] query, int k, String where) {
    boolean isFull = answer.hits().size() == k;
    float last = answer.hits().get(answer.hits().size() - 1).distance();
    Set<Long> found = new HashSet<>();
    answer.hits().forEach(hit -> found.add(hit.item().id()));
    for (Item item : right) {
      if (!isFull || FilterModel.distance(query, item.vector()) < last) {
        assertThat(found).as("%s: misses %d", where, item.id()).contains(item.id());
      }
    }
  }

  /** Writes until told to stop; returns the ids changed, null for deleted. */
  private Map<Long, Item> write(
      Dataset dataset, BufferAllocator allocator, FilterModel written, AtomicBoolean writing) {
    Random ids = new Random(seed + 2);
    Map<Long, Item> changed = new HashMap<>();
    while (writing.get()) {
      Map<Long, Item> upserts = new HashMap<>();
      List<Long> deletes = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        long id = 1 + STABLE * (long) ids.nextInt(ROWS / STABLE);
        if (ids.nextInt(3) == 0) {
          deletes.add(id);
        } else {
          upserts.put(id, written.item(id));
        }
      }
      if (!upserts.isEmpty()) {
        put(dataset, allocator, List.copyOf(upserts.values()));
        changed.putAll(upserts);
      }
      if (!deletes.isEmpty()) {
        Batches.delete(dataset, allocator, deletes);
        deletes.forEach(id -> changed.put(id, null));
      }
    }
    return changed;
  }

  private List<Item> nearest(Iterable<Item> from, Filter filter, float[] query) {
    List<Hit> matching = new ArrayList<>();
    for (Item item : from) {
      if (FilterModel.matches(filter, item)) {
        matching.add(new Hit(item, FilterModel.distance(query, item.vector())));
      }
    }
    matching.sort((x, y) -> Float.compare(x.distance(), y.distance()));
    return matching.stream().map(Hit::item).toList();
  }

  private static void put(Dataset dataset, BufferAllocator allocator, List<Item> rows) {
    VarCharVector topics = (VarCharVector) FilterModel.TOPIC.createVector(allocator);
    IntVector ranks = (IntVector) FilterModel.RANK.createVector(allocator);
    BitVector flags = (BitVector) FilterModel.FLAG.createVector(allocator);
    List<FieldVector> columns =
        List.of(
            Batches.ids(allocator, rows.stream().map(Item::id).toList()),
            Batches.vectors(allocator, "vector", rows.stream().map(Item::vector).toList()),
            topics,
            ranks,
            flags);
    for (int i = 0; i < rows.size(); i++) {
      Item item = rows.get(i);
      if (item.topic() != null) {
        topics.setSafe(i, item.topic().getBytes(StandardCharsets.UTF_8));
      }
      if (item.rank() != null) {
        ranks.setSafe(i, item.rank());
      }
      if (item.flag() != null) {
        flags.setSafe(i, item.flag() ? 1 : 0);
      }
    }
    columns.forEach(column -> column.setValueCount(rows.size()));
    try (VectorSchemaRoot batch = Batches.root(columns)) {
      dataset.put(batch).join();
    }
  }

  private static Answer search(
      Dataset dataset, BufferAllocator allocator, Filter filter, float[] query, int k) {
    try (FieldVector queries = Batches.vectors(allocator, "query", List.of(query));
        SearchAnswer answer =
            dataset.search(
                SearchRequest.builder()
                    .queries(queries)
                    .k(k)
                    .filter(filter)
                    .columns(List.of("*"))
                    .vectorsAs(VectorsAs.FLOAT32)
                    .build(),
                allocator)) {
      List<Hit> hits = new ArrayList<>();
      for (int row = 0; row < answer.root().getRowCount(); row++) {
        hits.add(hit(answer.root(), row));
      }
      return new Answer(answer.strategy(), answer.exhausted(), hits);
    }
  }

  private static Hit hit(VectorSchemaRoot root, int row) {
    VarCharVector topics = (VarCharVector) root.getVector("topic");
    IntVector ranks = (IntVector) root.getVector("rank");
    BitVector flags = (BitVector) root.getVector("flag");
    FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
    Float4Vector components = (Float4Vector) vectors.getDataVector();
    float[] vector = new float[vectors.getListSize()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = components.get(row * vector.length + i);
    }
    Item item =
        new Item(
            ((BigIntVector) root.getVector("id")).get(row),
            vector,
            topics.isNull(row) ? null : new String(topics.get(row), StandardCharsets.UTF_8),
            ranks.isNull(row) ? null : (Integer) ranks.get(row),
            flags.isNull(row) ? null : (Boolean) (flags.get(row) == 1));
    return new Hit(item, ((Float4Vector) root.getVector("distance")).get(row));
  }

  private String where(String what) {
    return what + " (-Darbalest.filterSeed=" + seed + ")";
  }
}
