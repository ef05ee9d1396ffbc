package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens when something gives out: disk, room, memory, patience, files. */
@ExtendWith(TestAllocator.class)
class FailureTest {
  private static final int DIMENSION = 4;

  @TempDir Path home;
  private Path data;
  private SimulatedDisk disk;

  @BeforeEach
  void makeDisk() throws IOException {
    data = home.resolve("data");
    disk = new SimulatedDisk(Files.createDirectory(home.resolve("graveyard")), 1);
  }

  private static List<Row> rows(long first, int count) {
    List<Row> rows = new ArrayList<>();
    LongStream.range(first, first + count)
        .forEach(id -> rows.add(Batches.row(id, (int) (id % 1000), 1, DIMENSION)));
    return rows;
  }

  private static void assertWriteFails(Category category, String part, ThrowingCallable write) {
    assertThatThrownBy(write)
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining(part)
        .hasCauseInstanceOf(StoreException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.category()).isEqualTo(category));
  }

  private static int found(Dataset dataset, BufferAllocator allocator) {
    try (var queries = Batches.vectors(allocator, "q", List.of(new float[DIMENSION]));
        SearchAnswer answer = dataset.search(SearchRequest.of(queries, 100), allocator)) {
      return answer.root().getRowCount();
    }
  }

  @Test
  void aFullDiskTurnsWritesAwayWhileReadsGoOnAndHeals(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      Batches.put(dataset, allocator, rows(0, 3));
      disk.roomFor(100);
      for (int i = 0; i < 3; i++) {
        assertWriteFails(
            Category.RESOURCE_EXHAUSTED,
            "no room on the disk",
            () -> Batches.put(dataset, allocator, rows(3, 3)));
      }
      assertThat(dataset.status().state()).isEqualTo("disk-full");
      assertFails(Category.RESOURCE_EXHAUSTED, "make room", dataset::snapshot);
      assertThat(data.resolve("datasets/d").toFile().list()).containsOnly("schema.json", "wal");
      assertThat(found(dataset, allocator)).isEqualTo(3);
      disk.roomFor(Long.MAX_VALUE);
      assertThat(Batches.put(dataset, allocator, rows(10, 2)).sequence()).isEqualTo(2);
      assertThat(dataset.status().state()).isEqualTo("ok");
      assertThat(found(dataset, allocator)).isEqualTo(5);
      dataset.snapshot();
    }
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      assertThat(found(store.dataset("d"), allocator)).isEqualTo(5);
    }
  }

  @Test
  void afterAFailedSyncWritesAreRefusedAndReadsGoOn(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      Batches.put(dataset, allocator, rows(0, 3));
      disk.syncFails(true);
      assertWriteFails(
          Category.UNAVAILABLE,
          "could not be synced",
          () -> Batches.put(dataset, allocator, rows(3, 3)));
      disk.syncFails(false);
      assertFails(
          Category.UNAVAILABLE,
          "takes no more writes",
          () -> Batches.put(dataset, allocator, rows(6, 3)));
      assertFails(
          Category.UNAVAILABLE,
          "takes no more writes",
          () -> Batches.delete(dataset, allocator, List.of(1L)));
      assertThat(dataset.status().state()).startsWith("failed: ");
      assertThat(found(dataset, allocator)).isEqualTo(3); // what is not durable is not seen
    }
  }

  @Test
  void tooManyPendingRowsFirstSlowWritersThenTurnThemAway(BufferAllocator allocator) {
    StoreOptions options =
        StoreOptions.of(data)
            .withIndexThreads(1)
            .withPendingRows(2000, 6000)
            .withWriteWait(Duration.ofMillis(1));
    try (Store store = Store.open(options)) {
      // a graph so dense that the one index thread cannot keep up
      Dataset dataset =
          store.create(
              Batches.spec("d", IdType.INT64, 64).withColumns(List.of()).withGraph(64, 2000));
      boolean slowDown = false;
      StoreException refusal = null;
      for (int batch = 0; batch < 50 && refusal == null; batch++) {
        long first = batch * 1000L;
        try (var root =
            Batches.root(
                List.of(
                    Batches.ids(allocator, LongStream.range(first, first + 1000).boxed().toList()),
                    Batches.vectors(allocator, "vector", Batches.gaussian(1000, 64, batch))))) {
          slowDown |= dataset.put(root).join().slowDown();
        } catch (StoreException e) {
          refusal = e;
        }
      }
      assertThat(slowDown).isTrue();
      assertThat(refusal).isNotNull().hasMessageContainingAll("rows wait for the graph", "6000");
      assertThat(refusal.category()).isEqualTo(Category.RESOURCE_EXHAUSTED);
      assertThat(dataset.status().pending()).isLessThanOrEqualTo(7000);
      Batches.delete(dataset, allocator, List.of(1L)); // adds no rows, so it gets through
    }
  }

  @Test
  void columnMemoryIsBoundedBeforeTheLog(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(data).withColumnBytesMax(1 << 20))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      StoreException refusal = null;
      long acknowledged = 0;
      for (int batch = 0; batch < 100 && refusal == null; batch++) {
        try {
          acknowledged = Batches.put(dataset, allocator, rows(batch * 5000L, 5000)).sequence();
        } catch (StoreException e) {
          refusal = e;
        }
      }
      assertThat(refusal).isNotNull().hasMessageContaining("allowed 1048576");
      assertThat(dataset.status().sequence()).isEqualTo(acknowledged);
    }
  }

  @Test
  void aSecondStoreIsKeptOutOfADirectory() {
    try (Store store = Store.open(StoreOptions.of(data))) {
      assertFails(
          Category.UNAVAILABLE, data.toString(), () -> Store.open(StoreOptions.of(data)).close());
      assertThat(store.datasets()).isEmpty();
    }
    Store.open(StoreOptions.of(data)).close();
  }

  @Test
  void afterClosingEveryCallIsRefused(BufferAllocator allocator) {
    Store store = Store.open(StoreOptions.of(data));
    Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
    Batches.put(dataset, allocator, rows(0, 10));
    ScanCursor cursor = dataset.scan(ScanRequest.all(), allocator);
    store.close();
    store.close();
    assertFails(Category.UNAVAILABLE, "closed", dataset::status);
    assertFails(Category.UNAVAILABLE, "closed", cursor::next);
    assertFails(Category.UNAVAILABLE, "closed", () -> Batches.put(dataset, allocator, rows(0, 1)));
    assertFails(
        Category.UNAVAILABLE,
        "closed",
        () -> store.create(Batches.spec("e", IdType.INT64, DIMENSION)));
    cursor.close();
  }

  @Test
  void aDroppedDatasetIsGoneAndItsNameIsFree(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(data))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      assertFails(
          Category.ALREADY_EXISTS,
          "'d'",
          () -> store.create(Batches.spec("d", IdType.UTF8, DIMENSION)));
      Batches.put(dataset, allocator, rows(0, 10));
      store.drop("d");
      assertFails(Category.NOT_FOUND, "'d'", () -> store.dataset("d"));
      assertFails(Category.NOT_FOUND, "'d'", () -> store.drop("d"));
      assertFails(Category.UNAVAILABLE, "'d'", dataset::rowCount);
      assertThat(store.create(Batches.spec("d", IdType.UTF8, DIMENSION)).rowCount()).isZero();
    }
    try (Store store = Store.open(StoreOptions.of(data))) {
      assertThat(store.dataset("d").spec().idType()).isEqualTo(IdType.UTF8);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void aDropOrCreationThatACrashCutsShortIsWholeOrUndone(int operations) throws IOException {
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      store.create(Batches.spec("old", IdType.INT64, DIMENSION));
    }
    boolean dropped = false;
    boolean created = false;
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      disk.powerFailsAfter(operations);
      store.drop("old");
      dropped = true;
      store.create(Batches.spec("new", IdType.INT64, DIMENSION));
      created = true;
    } catch (StoreException e) {
      assertThat(disk.powerFailed()).isTrue();
    }
    disk.restart(data);
    try (Store store = Store.open(StoreOptions.of(data), disk)) {
      List<String> names = store.datasets().stream().map(Dataset::name).toList();
      assertThat(names).isSubsetOf("new", "old");
      if (dropped) {
        assertThat(names).doesNotContain("old");
      }
      if (created) {
        assertThat(names).contains("new");
      }
      store.datasets().forEach(dataset -> assertThat(dataset.rowCount()).isZero());
    }
    try (Stream<Path> left = Files.list(data.resolve("datasets"))) {
      assertThat(left.map(path -> path.getFileName().toString())).noneMatch(n -> n.startsWith("."));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"index.arb", "rows.arrow", "deleted.bits", "manifest.json"})
  void aDamagedSnapshotIsRefusedByName(String name, BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(data))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.UTF8, DIMENSION));
      List<Row> rows = new ArrayList<>();
      rows(0, 200).forEach(row -> rows.add(new Row("n" + row.id(), row.vector(), 1)));
      Batches.put(dataset, allocator, rows);
      dataset.snapshot();
    }
    Path file;
    try (Stream<Path> files = Files.walk(data)) {
      file = files.filter(path -> path.endsWith(name)).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(file);
    for (int at : new int[] {0, bytes.length / 2, bytes.length - 1}) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 0x10;
      Files.write(file, damaged);
      assertFails(
          Category.CORRUPT, file.toString(), () -> Store.open(StoreOptions.of(data)).close());
    }
    Files.delete(file);
    assertFails(Category.CORRUPT, file.toString(), () -> Store.open(StoreOptions.of(data)).close());
    Files.write(file, bytes);
    try (Store store = Store.open(StoreOptions.of(data))) {
      assertThat(store.dataset("d").rowCount()).isEqualTo(200);
    }
  }

  @Test
  void aDamagedSchemaFileIsRefusedByName() throws IOException {
    try (Store store = Store.open(StoreOptions.of(data))) {
      store.create(Batches.spec("d", IdType.INT64, DIMENSION));
    }
    Path file = data.resolve("datasets/d/schema.json");
    String text = Files.readString(file);
    for (String damaged : List.of("", text.replace("\"fields\"", "\"felds\""), "{}")) {
      Files.writeString(file, damaged);
      assertFails(
          Category.CORRUPT, file.toString(), () -> Store.open(StoreOptions.of(data)).close());
    }
  }
}
