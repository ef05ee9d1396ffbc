package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.disk.OsDisk;
import io.arbalest.store.disk.SimulatedDisk;
import io.arbalest.store.filter.Filter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The index of texts over restarts, damage, failures, filters and writers at work. */
@ExtendWith(TestAllocator.class)
class TextIndexTest {
  private static final int DIMENSION = 2;

  @TempDir Path directory;
  private BufferAllocator allocator;

  @BeforeEach
  void takeAllocator(BufferAllocator given) {
    allocator = given;
  }

  private StoreOptions options() {
    return StoreOptions.of(directory.resolve("data")).withIndexThreads(1);
  }

  private Path files() {
    return directory.resolve("data/datasets/d/text");
  }

  private static Dataset create(Store store) {
    return store.create(Batches.textSpec("d", IdType.INT64, DIMENSION));
  }

  private void put(Dataset dataset, long id, int version, String words) {
    Row row = Batches.row(id, (int) id, version, DIMENSION);
    Batches.put(dataset, allocator, List.of(row), Arrays.asList(words));
  }

  private static List<Object> found(
      Dataset dataset, SearchRequest.Builder request, BufferAllocator allocator) {
    try (SearchAnswer answer = dataset.search(request.build(), allocator)) {
      List<Object> ids = new ArrayList<>();
      for (int i = 0; i < answer.root().getRowCount(); i++) {
        ids.add(Batches.id(answer.root(), i));
      }
      return ids;
    }
  }

  private List<Object> found(Dataset dataset, String words) {
    return found(dataset, SearchRequest.builder().text(words).k(100), allocator);
  }

  /** Rows 1..9 with the word all, of which 3 is replaced by 30 and 4 deleted. */
  private void write(Dataset dataset) {
    for (int id = 1; id < 10; id++) {
      put(dataset, id, 0, "all word" + id);
    }
    put(dataset, 3, 1, "all changed");
    Batches.delete(dataset, allocator, List.of(4L));
  }

  private void verify(Dataset dataset) {
    assertThat(dataset.status().state()).isEqualTo("ok");
    assertThat(found(dataset, "all")).containsExactlyInAnyOrder(1L, 2L, 3L, 5L, 6L, 7L, 8L, 9L);
    assertThat(found(dataset, "word3 word4")).isEmpty();
    assertThat(found(dataset, "changed")).containsExactly(3L);
  }

  @Test
  void aRestartFindsTheSame() {
    try (Store store = Store.open(options())) {
      write(create(store));
      verify(store.dataset("d"));
    }
    assertThat(files()).isDirectoryContaining("glob:**/segments_*");
    try (Store store = Store.open(options())) {
      Dataset dataset = store.dataset("d");
      verify(dataset);
      dataset.snapshot();
      put(dataset, 20, 0, "late");
      assertThat(dataset.status().textDiskBytes()).isPositive();
    }
    try (Store store = Store.open(options())) {
      verify(store.dataset("d"));
      assertThat(found(store.dataset("d"), "late")).containsExactly(20L);
    }
  }

  @Test
  void damageAndLossAreMadeGoodFromTheColumns() throws IOException {
    try (Store store = Store.open(options())) {
      write(create(store));
      store.dataset("d").snapshot();
    }
    for (int round = 0; round < 20; round++) {
      damage(new Random(round));
      try (Store store = Store.open(options())) {
        verify(store.dataset("d"));
      }
    }
    new OsDisk().deleteTree(files());
    try (Store store = Store.open(options())) {
      verify(store.dataset("d"));
    }
  }

  /** Flips a bit of a file, cuts it or removes it. */
  private void damage(Random random) throws IOException {
    List<Path> all;
    try (Stream<Path> list = Files.list(files())) {
      all = list.sorted().toList();
    }
    Path file = all.get(random.nextInt(all.size()));
    byte[] bytes = Files.readAllBytes(file);
    switch (random.nextInt(3)) {
      case 0 -> Files.delete(file);
      case 1 -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      default -> {
        if (bytes.length > 0) {
          bytes[random.nextInt(bytes.length)] ^= 1;
          Files.write(file, bytes);
        }
      }
    }
  }

  @Test
  void anIndexAheadOfItsDatasetIsMadeAnew() throws IOException {
    Path other = directory.resolve("other");
    try (Store store = Store.open(StoreOptions.of(other).withIndexThreads(1))) {
      write(create(store));
      put(store.dataset("d"), 77, 0, "all of a later write");
    }
    try (Store store = Store.open(options())) {
      write(create(store));
    }
    new OsDisk().deleteTree(files());
    Files.move(other.resolve("datasets/d/text"), files());
    try (Store store = Store.open(options())) {
      verify(store.dataset("d"));
    }
  }

  @Test
  void aFullDiskStopsNoWriteAndHeals() throws Exception {
    Path graveyard = Files.createDirectory(directory.resolve("graveyard"));
    SimulatedDisk disk = new SimulatedDisk(graveyard, 1);
    try (Store store = Store.open(options(), disk)) {
      Dataset dataset = create(store);
      write(dataset);
      disk.roomFor(0);
      assertFails(Category.RESOURCE_EXHAUSTED, "no room", dataset::snapshot);
      disk.roomFor(Long.MAX_VALUE);
      put(dataset, 20, 0, "late");
      assertThat(found(dataset, "late")).containsExactly(20L);
      verify(dataset);
    }
  }

  @Test
  void afterAFailureASearchOpensItAgain() throws Exception {
    Path graveyard = Files.createDirectory(directory.resolve("graveyard"));
    SimulatedDisk disk = new SimulatedDisk(graveyard, 1);
    try (Store store = Store.open(options(), disk)) {
      Dataset dataset = create(store);
      write(dataset);
      dataset.snapshot();
      for (int row = 0; row < 3; row++) { // more than a search keeps in memory
        StringBuilder words = new StringBuilder();
        for (int word = 0; word < 100_000; word++) {
          words.append('w').append(row).append(word).append(' ');
        }
        put(dataset, 50 + row, 0, words.toString());
      }
      disk.roomFor(0);
      assertFails(
          Category.UNAVAILABLE,
          "the text index of dataset 'd' could not be searched",
          () -> found(dataset, "all"));
      assertThat(dataset.status().state()).startsWith("text-failed: could not be searched");
      disk.roomFor(Long.MAX_VALUE);
      put(dataset, 20, 0, "late");
      assertThat(found(dataset, "late w299999")).containsExactlyInAnyOrder(20L, 52L);
      verify(dataset);
    }
  }

  @Test
  void filtersHoldOnBothSidesAgainstBruteForce() {
    Random random = new Random(7);
    String[] vocabulary = {"red", "fox", "wine", "old", "house", "sea"};
    Map<Long, Integer> versions = new HashMap<>();
    Map<Long, Set<String>> words = new HashMap<>();
    try (Store store = Store.open(options())) {
      Dataset dataset = create(store);
      for (int batch = 0; batch < 12; batch++) {
        List<Row> rows = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          long id = random.nextInt(900);
          int version = random.nextInt(20);
          Set<String> has = new HashSet<>();
          for (int w = random.nextInt(4); w > 0; w--) {
            has.add(vocabulary[random.nextInt(vocabulary.length)]);
          }
          rows.add(Batches.row(id, (int) id, version, DIMENSION));
          texts.add(String.join(" ", has));
          versions.put(id, version);
          words.put(id, has);
        }
        Batches.put(dataset, allocator, rows, texts);
        List<Long> gone = List.of((long) random.nextInt(900), (long) random.nextInt(900));
        Batches.delete(dataset, allocator, gone);
        versions.keySet().removeAll(gone);
      }
      for (int round = 0; round < 60; round++) {
        String word = vocabulary[random.nextInt(vocabulary.length)];
        int version = random.nextInt(21);
        Filter filter =
            new Filter.Compare("version", Filter.Comparison.LT, BigDecimal.valueOf(version));
        int k = 1 + random.nextInt(200);
        List<Long> matching =
            versions.keySet().stream().filter(id -> versions.get(id) < version).toList();
        List<Long> having = matching.stream().filter(id -> words.get(id).contains(word)).toList();
        List<Object> byText =
            found(dataset, SearchRequest.builder().text(word).filter(filter).k(k), allocator);
        assertThat(byText).hasSize(Math.min(k, having.size())).doesNotHaveDuplicates();
        assertThat(having).containsAll(longs(byText));
        verifyHybrid(dataset, word, filter, k, matching, having);
      }
    }
  }

  private void verifyHybrid(
      Dataset dataset, String word, Filter filter, int k, List<Long> matching, List<Long> having) {
    try (FixedSizeListVector queries =
        Batches.vectors(allocator, "q", List.of(new float[] {450, 10}))) {
      List<Object> both =
          found(
              dataset,
              SearchRequest.builder().queries(queries).text(word).filter(filter).k(k).exact(true),
              allocator);
      assertThat(both).hasSize(Math.min(k, matching.size())).doesNotHaveDuplicates();
      assertThat(matching).containsAll(longs(both));
      if (!having.isEmpty()) {
        // The nearest row and a row with the word are among the first; the word's rank 1 is 1/61.
        assertThat(longs(both.subList(0, Math.min(both.size(), 3)))).anyMatch(having::contains);
      }
    }
  }

  private static List<Long> longs(List<Object> ids) {
    return ids.stream().map(id -> (Long) id).sorted(Comparator.naturalOrder()).toList();
  }

  @Test
  void whileRowsAreReplacedEachIsFoundOnceWithItsNewestWords() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService readers = Executors.newFixedThreadPool(3);
    try (Store store = Store.open(options())) {
      Dataset dataset = create(store);
      for (int id = 0; id < 20; id++) {
        put(dataset, id, 0, "any v0");
      }
      List<Future<Integer>> reading = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        reading.add(readers.submit(() -> read(dataset, done)));
      }
      for (int version = 1; version < 60; version++) {
        put(dataset, version % 20, version, "any v" + version);
        assertThat(found(dataset, "v" + version)).containsExactly((long) version % 20);
      }
      done.set(true);
      for (Future<Integer> reader : reading) {
        assertThat(reader.get()).isPositive();
      }
    } finally {
      done.set(true);
      readers.shutdown();
    }
  }

  private static int read(Dataset dataset, AtomicBoolean done) {
    int searches = 0;
    try (BufferAllocator own = new RootAllocator();
        FixedSizeListVector queries = Batches.vectors(own, "q", List.of(new float[] {3, 0}))) {
      while (!done.get() || searches == 0) {
        List<Object> byText = found(dataset, SearchRequest.builder().text("any").k(50), own);
        assertThat(byText).hasSize(20).doesNotHaveDuplicates();
        List<Object> both =
            found(dataset, SearchRequest.builder().queries(queries).text("any").k(50), own);
        assertThat(both).hasSize(20).doesNotHaveDuplicates();
        searches++;
      }
    }
    return searches;
  }

  @Test
  void aDroppedDatasetHasNoFilesOpen() throws IOException {
    try (Store store = Store.open(options())) {
      write(create(store));
      store.dataset("d").snapshot();
      verify(store.dataset("d"));
      assertThat(mapped()).isNotEmpty();
      store.drop("d");
      assertThat(mapped()).isEmpty();
      assertThat(files()).doesNotExist();
    }
  }

  /** Files of the text index that this process has mapped. */
  private List<String> mapped() throws IOException {
    String part = directory.toRealPath().toString();
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains(part) && line.contains("/text/")).toList();
    }
  }
}
