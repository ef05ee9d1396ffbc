package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Writers, searchers, scans and snapshots at once, against what was acknowledged. */
class ConcurrencyTest {
  private static final int DIMENSION = 8;
  private static final int WRITERS = 2;
  private static final int IDS_A_WRITER = 150;
  private static final int WRITES_A_WRITER = 250;

  @TempDir Path directory;

  /** Every id has a writer of its own, who alone gives it versions: 1, 2, 3, ... */
  private static final class Model {
    /** The last version of an id that was acknowledged; 0: none yet. */
    final AtomicIntegerArray acknowledged = new AtomicIntegerArray(WRITERS * IDS_A_WRITER);

    /** The last version of an id that was sent. */
    final AtomicIntegerArray sent = new AtomicIntegerArray(WRITERS * IDS_A_WRITER);

    final AtomicBoolean writing = new AtomicBoolean(true);
  }

  /**
   * Every upsert gives the same vector, so a search near it finds the id in whatever version: it
   * must find it once, not older than what was acknowledged when the search began, and its columns
   * and vector must fit.
   */
  @ParameterizedTest
  @EnumSource(VectorsAs.class)
  void anAcknowledgedIdIsFoundOnceAndUpToDateWhateverHappens(VectorsAs form) throws Exception {
    Model model = new Model();
    ExecutorService threads = Executors.newCachedThreadPool();
    StoreOptions options =
        StoreOptions.of(directory).withWalSegmentBytes(16_384).withSnapshotWalBytes(200_000);
    try (Store store = Store.open(options);
        BufferAllocator allocator = new RootAllocator()) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      List<Future<?>> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int first = writer * IDS_A_WRITER;
        writers.add(run(threads, () -> write(dataset, model, allocator, first)));
      }
      List<Future<?>> readers = new ArrayList<>();
      for (int reader = 0; reader < 2; reader++) {
        int seed = reader;
        readers.add(run(threads, () -> search(dataset, model, allocator, form, seed)));
      }
      readers.add(run(threads, () -> scan(dataset, model, allocator)));
      for (Future<?> writer : writers) {
        writer.get();
      }
      model.writing.set(false);
      for (Future<?> reader : readers) {
        reader.get();
      }
      dataset.flush();
      checkFinal(dataset, model, allocator);
    } finally {
      threads.shutdown();
    }
    try (Store store = Store.open(options);
        BufferAllocator allocator = new RootAllocator()) {
      checkFinal(store.dataset("d"), model, allocator);
    }
  }

  private static Future<?> run(ExecutorService threads, Callable<Void> task) {
    return threads.submit(task);
  }

  private static float[] vectorOf(int id) {
    float[] vector = new float[DIMENSION];
    vector[0] = id;
    vector[1] = 1;
    return vector;
  }

  private static Void write(Dataset dataset, Model model, BufferAllocator allocator, int first) {
    Random random = new Random(first);
    for (int i = 0; i < WRITES_A_WRITER; i++) {
      List<Row> rows = new ArrayList<>();
      int start = random.nextInt(IDS_A_WRITER);
      int count = 1 + random.nextInt(10);
      for (int j = 0; j < count; j++) {
        int id = first + (start + j) % IDS_A_WRITER;
        rows.add(new Row((long) id, vectorOf(id), model.sent.incrementAndGet(id)));
      }
      Batches.put(dataset, allocator, rows);
      rows.forEach(row -> model.acknowledged.set((int) (long) row.id(), row.version()));
    }
    return null;
  }

  private static Void search(
      Dataset dataset, Model model, BufferAllocator allocator, VectorsAs form, int seed) {
    Random random = new Random(seed);
    while (model.writing.get()) {
      int id = random.nextInt(WRITERS * IDS_A_WRITER);
      int least = model.acknowledged.get(id);
      try (var queries = Batches.vectors(allocator, "q", List.of(vectorOf(id)));
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, 3)
                      .with()
                      .exact(random.nextInt(8) == 0)
                      .vectorsAs(form)
                      .columns(List.of("version"))
                      .build(),
                  allocator)) {
        if (least > 0) {
          assertHit(answer.root(), id, least, model.sent.get(id));
        }
        if (form != VectorsAs.NONE && answer.root().getRowCount() > 0) {
          assertThat(answer.root().getVector("vector").getNullCount()).isZero();
        }
      }
    }
    return null;
  }

  private static void assertHit(VectorSchemaRoot root, int id, int least, int most) {
    int hits = 0;
    for (int i = 0; i < root.getRowCount(); i++) {
      if (((BigIntVector) root.getVector("id")).get(i) == id) {
        hits++;
        assertThat(((IntVector) root.getVector("version")).get(i)).isBetween(least, most);
      }
    }
    assertThat(hits).as("hits of id %d", id).isEqualTo(1);
  }

  private static Void scan(Dataset dataset, Model model, BufferAllocator allocator) {
    while (model.writing.get()) {
      int[] seen = new int[WRITERS * IDS_A_WRITER];
      try (ScanCursor cursor = dataset.scan(ScanRequest.all(), allocator)) {
        while (cursor.next()) {
          VectorSchemaRoot root = cursor.root();
          for (int i = 0; i < root.getRowCount(); i++) {
            int id = (int) ((BigIntVector) root.getVector("id")).get(i);
            assertThat(++seen[id]).as("rows of id %d in a scan", id).isEqualTo(1);
          }
        }
      }
    }
    return null;
  }

  private static void checkFinal(Dataset dataset, Model model, BufferAllocator allocator) {
    int written = 0;
    for (int id = 0; id < WRITERS * IDS_A_WRITER; id++) {
      int version = model.acknowledged.get(id);
      written += version > 0 ? 1 : 0;
      if (version > 0) {
        try (var queries = Batches.vectors(allocator, "q", List.of(vectorOf(id)));
            SearchAnswer answer =
                dataset.search(
                    SearchRequest.of(queries, 1).with().columns(List.of("version")).build(),
                    allocator)) {
          assertHit(answer.root(), id, version, version);
        }
      }
    }
    assertThat(dataset.rowCount()).isEqualTo(written);
  }

  @Test
  void writersShareSyncsAndTheLogHasEveryWrite() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (BufferAllocator allocator = new RootAllocator()) {
      try (Store store = Store.open(StoreOptions.of(directory))) {
        Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
        List<Future<Long>> writes = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
          Row row = new Row((long) i, vectorOf(i), i);
          writes.add(
              threads.submit(() -> Batches.put(dataset, allocator, List.of(row)).sequence()));
        }
        List<Long> sequences = new ArrayList<>();
        for (Future<Long> write : writes) {
          sequences.add(write.get());
        }
        assertThat(sequences).doesNotHaveDuplicates().hasSize(400).contains(1L, 400L);
      } finally {
        threads.shutdown();
      }
      try (Store store = Store.open(StoreOptions.of(directory))) {
        assertThat(store.dataset("d").rowCount()).isEqualTo(400);
      }
    }
  }
}
