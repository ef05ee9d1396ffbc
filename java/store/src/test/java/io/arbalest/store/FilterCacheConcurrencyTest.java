package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.filter.Filter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writers replace and delete rows, and new ones come, while readers search again and again with two
 * filters. The operations on an id are numbered: an odd one deletes it, another puts it with its
 * number as the version; a filter wants the multiples of four, the other those plus two. A reader
 * must find each id as it was after an operation not older than the last one acknowledged before it
 * asked. The same with many rows beside these, far from where is searched, so that filters earn
 * subsets, outgrow them and earn others meanwhile.
 */
class FilterCacheConcurrencyTest {
  private static final int DIMENSION_SMALL = 8;
  private static final int DIMENSION_CODED = 64;

  /** Rows that nobody changes, half of them for each filter ... */
  private static final int OTHERS = 6_000;

  /** ... and how many more an operation brings, with ids from here on. */
  private static final int OTHERS_MORE = 4;

  private static final int OTHER = 1_000;
  private static final float FAR = 25;

  private static final int IDS = 6;
  private static final int OPERATIONS = 150;
  private static final int READERS = 2;
  private static final int WRITERS = 2;
  private static final List<Filter> FILTERS = List.of(wanting(0), wanting(2));

  @TempDir Path directory;

  private final AtomicIntegerArray acknowledged = new AtomicIntegerArray(IDS);
  private final AtomicIntegerArray sent = new AtomicIntegerArray(IDS);
  private final AtomicBoolean writing = new AtomicBoolean(true);
  private final AtomicInteger bySubset = new AtomicInteger();
  private int dimension;

  private static Filter wanting(int rest) {
    List<Object> versions = new ArrayList<>();
    for (int version = rest; version <= OPERATIONS; version += 4) {
      versions.add(BigDecimal.valueOf(version));
    }
    return new Filter.In("version", versions);
  }

  @Test
  void noFilteredSearchMissesAnAcknowledgedWrite() throws Exception {
    dimension = DIMENSION_SMALL;
    FilterCacheStatus status = run(0);
    assertThat(status.subsetBuilds()).isZero();
  }

  @Test
  void noSearchByASubsetMissesAnAcknowledgedWrite() throws Exception {
    dimension = DIMENSION_CODED;
    FilterCacheStatus status = run(OTHERS);
    assertThat(status.subsetBuilds()).isGreaterThan(FILTERS.size());
    assertThat(bySubset).hasPositiveValue();
  }

  private FilterCacheStatus run(int others) throws Exception {
    StoreOptions options =
        StoreOptions.of(directory).withSync(SyncMode.interval(1)).withSubsetPrice(0);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Store store = Store.open(options);
        BufferAllocator allocator = new RootAllocator()) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, dimension));
      putOthers(dataset, allocator, OTHER, others);
      dataset.flush();
      for (int id = 0; id < IDS; id++) {
        apply(dataset, allocator, id, 0);
      }
      List<Future<?>> readers = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        readers.add(threads.submit(() -> read(dataset, allocator)));
      }
      List<Future<?>> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int first = writer * IDS / WRITERS;
        long firstOther = OTHER + others + (long) writer * OPERATIONS * OTHERS_MORE;
        int more = others == 0 ? 0 : OTHERS_MORE;
        writers.add(threads.submit(() -> write(dataset, allocator, first, firstOther, more)));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      writing.set(false);
      for (Future<?> reader : readers) {
        reader.get();
      }
      FilterCacheStatus status = dataset.status().filterCache();
      assertThat(status.hits()).isPositive();
      assertThat(status.refreshes()).isPositive();
      assertThat(status.entries()).isEqualTo(FILTERS.size());
      return status;
    } finally {
      threads.shutdown();
    }
  }

  private void putOthers(Dataset dataset, BufferAllocator allocator, long first, int count) {
    if (count == 0) {
      return;
    }
    List<Batches.Row> rows = new ArrayList<>();
    List<float[]> vectors = Batches.clustered(count, dimension, first);
    for (int i = 0; i < count; i++) {
      float[] vector = vectors.get(i);
      for (int component = 0; component < dimension; component++) {
        vector[component] *= FAR;
      }
      rows.add(new Batches.Row(first + i, vector, 2 * (i % FILTERS.size())));
    }
    Batches.put(dataset, allocator, rows);
  }

  private void write(
      Dataset dataset, BufferAllocator allocator, int first, long firstOther, int more) {
    for (int operation = 1; operation <= OPERATIONS; operation++) {
      for (int id = first; id < first + IDS / WRITERS; id++) {
        apply(dataset, allocator, id, operation);
      }
      putOthers(dataset, allocator, firstOther + (operation - 1L) * more, more);
      // Between writes the readers meet rows that are still good.
      Thread.yield();
    }
  }

  private void apply(Dataset dataset, BufferAllocator allocator, int id, int operation) {
    sent.set(id, operation);
    if (operation % 2 == 0) {
      Batches.put(dataset, allocator, List.of(Batches.row((long) id, id, operation, dimension)));
    } else {
      Batches.delete(dataset, allocator, List.of((long) id));
    }
    acknowledged.set(id, operation);
  }

  private void read(Dataset dataset, BufferAllocator allocator) {
    while (writing.get()) {
      int filter = ThreadLocalRandom.current().nextInt(FILTERS.size());
      int[] oldest = IntStream.range(0, IDS).map(acknowledged::get).toArray();
      try (FieldVector queries = Batches.vectors(allocator, "q", List.of(new float[dimension]));
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, 2 * IDS)
                      .with()
                      .filter(FILTERS.get(filter))
                      .columns(List.of("version"))
                      .cache(false)
                      .build(),
                  allocator)) {
        bySubset.addAndGet(answer.strategy().equals("ivf-filtered") ? 1 : 0);
        check(answer, 2 * filter, oldest, IntStream.range(0, IDS).map(sent::get).toArray());
      }
    }
  }

  private static void check(SearchAnswer answer, int rest, int[] oldest, int[] newest) {
    Integer[] found = new Integer[IDS];
    IntVector versions = (IntVector) answer.root().getVector("version");
    for (int i = 0; i < answer.root().getRowCount(); i++) {
      int id = (int) (long) (Long) Batches.id(answer.root(), i);
      if (id >= OTHER) {
        continue;
      }
      assertThat(found[id]).as("id %d comes twice", id).isNull();
      found[id] = versions.get(i);
      assertThat(found[id] % 4).as("id %d, version %d", id, found[id]).isEqualTo(rest);
      assertThat(found[id]).as("version of id %d", id).isBetween(oldest[id], newest[id]);
    }
    for (int id = 0; id < IDS; id++) {
      int operation = oldest[id];
      while (operation <= newest[id] && operation % 4 == rest) {
        operation++;
      }
      assertThat(found[id] != null || operation <= newest[id])
          .as("id %d is absent between %d and %d", id, oldest[id], newest[id])
          .isTrue();
    }
  }
}
