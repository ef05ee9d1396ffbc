package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.disk.OsDisk;
import io.arbalest.store.disk.SimulatedDisk;
import io.arbalest.store.filter.Filter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Random writes on a simulated disk whose power fails at a random operation, again and again. After
 * each restart the dataset must be exactly what the first {@code sequence} writes make, and these
 * must include every acknowledged one. Half of the datasets have a text index too.
 */
class CrashTest {
  private static final int DIMENSION = 4;
  private static final int IDS = 12;

  @Property(tries = 60, shrinking = ShrinkingMode.OFF)
  void whatWasAcknowledgedIsThereAfterACrash(@ForAll long seed) throws IOException {
    try (Scenario scenario = new Scenario(seed, SyncMode.ALWAYS)) {
      scenario.run();
    }
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void withIntervalSyncWhatIsThereIsStillAPrefix(@ForAll long seed) throws IOException {
    try (Scenario scenario = new Scenario(seed, SyncMode.interval(5))) {
      scenario.run();
    }
  }

  /** A write of the scenario: rows to put, ids to delete, or up to which version to delete. */
  private record Op(List<Row> rows, List<Object> ids, int deletedUpTo) {
    void applyTo(Map<Object, Integer> model) {
      rows.forEach(row -> model.put(row.id(), row.version()));
      ids.forEach(model::remove);
      model.values().removeIf(version -> version <= deletedUpTo);
    }
  }

  private static final class Scenario implements AutoCloseable {
    private final Random random;
    private final BufferAllocator allocator = new RootAllocator();
    private final Path home;
    private final Path data;
    private final SimulatedDisk disk;
    private final StoreOptions options;
    private final IdType idType;
    private final boolean withText;
    private final boolean isDurable;
    private final List<Op> history = new ArrayList<>(); // by sequence, from 1
    private long acknowledged;
    private int version;

    Scenario(long seed, SyncMode sync) throws IOException {
      random = new Random(seed);
      home = Files.createTempDirectory("arbalest-crash");
      data = Files.createDirectory(home.resolve("data"));
      disk = new SimulatedDisk(Files.createDirectory(home.resolve("graveyard")), seed);
      idType = random.nextBoolean() ? IdType.INT64 : IdType.UTF8;
      withText = random.nextBoolean();
      isDurable = sync.isAlways();
      options =
          StoreOptions.of(data)
              .withSync(sync)
              .withIndexThreads(1)
              .withWalSegmentBytes(1024 + random.nextInt(8192))
              .withSnapshotWalBytes(random.nextBoolean() ? 0 : 4096);
    }

    void run() throws IOException {
      try (Store store = Store.open(options, disk)) {
        store.create(
            withText
                ? Batches.textSpec("d", idType, DIMENSION)
                : Batches.spec("d", idType, DIMENSION));
      }
      int rounds = 2 + random.nextInt(3);
      for (int round = 0; round < rounds; round++) {
        disk.powerFailsAfter(random.nextInt(random.nextBoolean() ? 400 : 40));
        writeUntilThePowerFails();
        disk.restart(data);
        verify();
      }
    }

    private void writeUntilThePowerFails() {
      try (Store store = Store.open(options, disk)) {
        Dataset dataset = store.dataset("d");
        while (!disk.powerFailed() && history.size() < 400) {
          if (random.nextInt(20) == 0) {
            dataset.snapshot();
          } else {
            writeGroup(dataset);
          }
        }
      } catch (StoreException e) {
        assertThat(disk.powerFailed()).as("failed with the power on: %s", e).isTrue();
      }
    }

    /** Writes of one thread get their sequences in the order in which they are sent. */
    private void writeGroup(Dataset dataset) {
      List<CompletableFuture<Long>> sent = new ArrayList<>();
      int count = 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        Op op = randomOp();
        sent.add(send(dataset, op));
        history.add(op);
      }
      for (CompletableFuture<Long> future : sent) {
        try {
          acknowledged = future.join();
        } catch (CompletionException e) {
          assertThat(disk.powerFailed()).as("failed with the power on: %s", e).isTrue();
        }
      }
    }

    private Op randomOp() {
      List<Row> rows = new ArrayList<>();
      List<Object> ids = new ArrayList<>();
      int count = 1 + random.nextInt(6);
      boolean put = random.nextInt(3) > 0;
      if (!put && random.nextInt(3) == 0) {
        return new Op(rows, ids, Math.max(0, version - random.nextInt(30)));
      }
      for (int i = 0; i < count; i++) {
        int number = random.nextInt(IDS);
        Object id = idType == IdType.INT64 ? (Object) (long) number : "id-" + number;
        if (put) {
          rows.add(Batches.row(id, number, ++version % 2000, DIMENSION));
        } else {
          ids.add(id);
        }
      }
      return new Op(rows, ids, -1);
    }

    private CompletableFuture<Long> send(Dataset dataset, Op op) {
      if (op.deletedUpTo() >= 0) {
        BigDecimal version = BigDecimal.valueOf(op.deletedUpTo());
        return dataset
            .deleteMatching(new Filter.Compare("version", Filter.Comparison.LE, version))
            .thenApply(DeleteReceipt::sequence);
      }
      if (op.rows().isEmpty()) {
        try (FieldVector ids = Batches.ids(allocator, op.ids())) {
          return dataset.delete(ids).thenApply(DeleteReceipt::sequence);
        }
      }
      List<String> words = op.rows().stream().map(row -> "any v" + row.version()).toList();
      try (VectorSchemaRoot batch =
          withText
              ? Batches.textBatch(allocator, op.rows(), words)
              : Batches.batch(allocator, op.rows())) {
        return dataset.put(batch).thenApply(WriteReceipt::sequence);
      }
    }

    private void verify() {
      try (Store store = Store.open(options, disk)) {
        Dataset dataset = store.dataset("d");
        int sequence = (int) dataset.status().sequence();
        assertThat(sequence).isLessThanOrEqualTo(history.size());
        if (isDurable) {
          assertThat((long) sequence).isGreaterThanOrEqualTo(acknowledged);
        }
        history.subList(sequence, history.size()).clear(); // lost, and never acknowledged
        acknowledged = sequence;
        Map<Object, Integer> model = new TreeMap<>();
        history.forEach(op -> op.applyTo(model));
        assertThat(dataset.rowCount()).isEqualTo(model.size());
        assertThat(scanned(dataset)).isEqualTo(model);
        assertThat(searched(dataset, model.size(), true)).isEqualTo(model);
        dataset.flush();
        assertThat(searched(dataset, model.size(), false)).isEqualTo(model);
        if (withText) {
          verifyTexts(dataset, model);
        }
      }
    }

    private void verifyTexts(Dataset dataset, Map<Object, Integer> model) {
      assertThat(dataset.status().state()).isEqualTo("ok");
      assertThat(found(dataset, "any", model.size() + 5)).isEqualTo(model);
      for (Map.Entry<Object, Integer> row : model.entrySet()) {
        assertThat(found(dataset, "v" + row.getValue(), 5))
            .containsEntry(row.getKey(), row.getValue());
      }
    }

    private Map<Object, Integer> found(Dataset dataset, String words, int k) {
      SearchRequest request =
          SearchRequest.builder().text(words).k(k).columns(List.of("version")).build();
      Map<Object, Integer> rows = new TreeMap<>();
      try (SearchAnswer answer = dataset.search(request, allocator)) {
        collect(answer.root(), rows);
        assertThat(answer.root().getRowCount()).isEqualTo(rows.size());
      }
      return rows;
    }

    private Map<Object, Integer> scanned(Dataset dataset) {
      Map<Object, Integer> rows = new TreeMap<>();
      try (ScanCursor cursor = dataset.scan(ScanRequest.all(), allocator)) {
        while (cursor.next()) {
          collect(cursor.root(), rows);
        }
      }
      return rows;
    }

    private Map<Object, Integer> searched(Dataset dataset, int live, boolean exact) {
      Map<Object, Integer> rows = new TreeMap<>();
      float[] query = new float[DIMENSION];
      try (FixedSizeListVector queries = Batches.vectors(allocator, "q", List.of(query));
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, live + 5)
                      .with()
                      .exact(exact)
                      .columns(List.of("version"))
                      .build(),
                  allocator)) {
        collect(answer.root(), rows);
        assertThat(answer.root().getRowCount()).isEqualTo(rows.size()); // no id twice
      }
      return rows;
    }

    private static void collect(VectorSchemaRoot root, Map<Object, Integer> rows) {
      for (int i = 0; i < root.getRowCount(); i++) {
        rows.put(Batches.id(root, i), ((IntVector) root.getVector("version")).get(i));
      }
    }

    @Override
    public void close() throws IOException {
      allocator.close();
      new OsDisk().deleteTree(home);
    }
  }
}
