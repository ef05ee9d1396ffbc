package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writers replace and delete the rows that readers ask for again and again through the cache. The
 * operations on an id are numbered: an even one puts the row with its number as the version, an odd
 * one deletes it. A reader must find the state after an operation that is not older than the last
 * one acknowledged before it asked.
 */
class CacheConcurrencyTest {
  private static final int DIMENSION = 8;
  private static final int IDS = 6;
  private static final int OPERATIONS = 150;
  private static final int READERS = 2;

  @TempDir Path directory;

  private final AtomicIntegerArray acknowledged = new AtomicIntegerArray(IDS);
  private final AtomicIntegerArray sent = new AtomicIntegerArray(IDS);
  private final AtomicBoolean writing = new AtomicBoolean(true);

  @Test
  void noSearchThroughTheCacheMissesAnAcknowledgedWrite() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Store store = Store.open(StoreOptions.of(directory).withSync(SyncMode.interval(1)));
        BufferAllocator allocator = new RootAllocator()) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      for (int id = 0; id < IDS; id++) {
        apply(dataset, allocator, id, 0);
      }
      List<Future<Integer>> readers = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        readers.add(threads.submit(() -> read(dataset, allocator)));
      }
      List<Future<?>> writers = new ArrayList<>();
      for (int id = 0; id < IDS; id += IDS / 2) {
        int first = id;
        writers.add(threads.submit(() -> write(dataset, allocator, first)));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      writing.set(false);
      int cached = 0;
      for (Future<Integer> reader : readers) {
        cached += reader.get();
      }
      assertThat(cached).as("answers from the cache").isPositive();
      assertThat(dataset.status().cache().hits()).isEqualTo(cached);
      assertThat(dataset.status().cache().invalidations()).isPositive();
    } finally {
      threads.shutdown();
    }
  }

  private void write(Dataset dataset, BufferAllocator allocator, int first) {
    for (int operation = 1; operation <= OPERATIONS; operation++) {
      for (int id = first; id < first + IDS / 2; id++) {
        apply(dataset, allocator, id, operation);
      }
      // Between writes the readers meet answers that are still good.
      Thread.yield();
    }
  }

  private void apply(Dataset dataset, BufferAllocator allocator, int id, int operation) {
    sent.set(id, operation);
    if (operation % 2 == 0) {
      Batches.put(dataset, allocator, List.of(new Batches.Row((long) id, vectorOf(id), operation)));
    } else {
      Batches.delete(dataset, allocator, List.of((long) id));
    }
    acknowledged.set(id, operation);
  }

  private static float[] vectorOf(int id) {
    float[] vector = new float[DIMENSION];
    vector[id] = 1;
    return vector;
  }

  /** Reads until the writers are done; returns how many answers came from the cache. */
  private int read(Dataset dataset, BufferAllocator allocator) {
    int cached = 0;
    while (writing.get()) {
      int id = ThreadLocalRandom.current().nextInt(IDS);
      int oldest = acknowledged.get(id);
      try (FieldVector queries = Batches.vectors(allocator, "q", List.of(vectorOf(id)));
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, 1).with().columns(List.of("version")).build(),
                  allocator)) {
        cached += answer.cached() ? 1 : 0;
        check(answer, id, oldest, sent.get(id));
      }
    }
    return cached;
  }

  private static void check(SearchAnswer answer, int id, int oldest, int newest) {
    boolean found =
        answer.root().getRowCount() == 1 && Batches.id(answer.root(), 0).equals((long) id);
    if (found) {
      int version = ((IntVector) answer.root().getVector("version")).get(0);
      assertThat(version).as("id %d, cached %s", id, answer.cached()).isBetween(oldest, newest);
    } else {
      boolean wasDeleted = oldest % 2 == 1 || newest > oldest;
      assertThat(wasDeleted)
          .as("id %d is absent between %d and %d, cached %s", id, oldest, newest, answer.cached())
          .isTrue();
    }
  }
}
