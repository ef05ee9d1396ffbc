package io.arbalest.store;

import static io.arbalest.store.DatasetSpecTest.columnsOfEveryType;
import static io.arbalest.store.DatasetSpecTest.field;
import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.disk.OsDisk;
import io.arbalest.store.disk.SimulatedDisk;
import io.arbalest.store.filter.Filter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestAllocator.class)
class AddColumnsTest {
  private static final int DIMENSION = 4;
  private static final Field WORD = field("word", ArrowType.Utf8.INSTANCE);

  @TempDir Path directory;

  private static List<Row> rows(int first, int count) {
    return LongStream.range(first, first + count)
        .mapToObj(id -> Batches.row(id, (int) id, (int) id, DIMENSION))
        .toList();
  }

  /** A batch with the column {@code word}, and what its schema says of columns to add. */
  private static VectorSchemaRoot withWords(
      BufferAllocator allocator, List<Row> rows, Map<String, String> metadata) {
    VectorSchemaRoot plain = Batches.batch(allocator, rows);
    VarCharVector words = (VarCharVector) WORD.createVector(allocator);
    for (int i = 0; i < rows.size(); i++) {
      words.setSafe(i, ("w" + rows.get(i).id()).getBytes(StandardCharsets.UTF_8));
    }
    words.setValueCount(rows.size());
    List<FieldVector> vectors = new ArrayList<>(plain.getFieldVectors());
    vectors.add(words);
    List<Field> fields = vectors.stream().map(FieldVector::getField).toList();
    return new VectorSchemaRoot(new Schema(fields, metadata), vectors, rows.size());
  }

  private static void putWithWords(
      Dataset dataset, BufferAllocator allocator, List<Row> rows, boolean adding) {
    Map<String, String> metadata = Map.of(DatasetSpec.ADD_COLUMNS_KEY, adding ? "true" : "false");
    try (VectorSchemaRoot batch = withWords(allocator, rows, metadata)) {
      dataset.checkPutSchema(batch.getSchema());
      dataset.put(batch).join();
    }
  }

  private static List<Object> scanned(
      Dataset dataset, BufferAllocator allocator, Filter filter, String column) {
    List<Object> found = new ArrayList<>();
    ScanRequest request = new ScanRequest(filter, List.of(column), VectorsAs.NONE, Long.MAX_VALUE);
    try (ScanCursor cursor = dataset.scan(request, allocator)) {
      while (cursor.next()) {
        FieldVector values = cursor.root().getVector(column);
        for (int i = 0; i < cursor.root().getRowCount(); i++) {
          found.add(values.isNull(i) ? null : values.getObject(i).toString());
        }
      }
    }
    return found;
  }

  private static void assertWords(Dataset dataset, BufferAllocator allocator, int without) {
    Filter isNull = new Filter.IsNull("word");
    assertThat(scanned(dataset, allocator, isNull, "version")).hasSize(without);
    assertThat(scanned(dataset, allocator, new Filter.Not(isNull), "word"))
        .hasSize((int) dataset.rowCount() - without)
        .allMatch(word -> ((String) word).startsWith("w"));
    Filter one = new Filter.Compare("word", Filter.Comparison.EQ, "w3002");
    assertThat(scanned(dataset, allocator, one, "version")).isEqualTo(List.of("3002"));
  }

  @Test
  void aColumnThatIsAddedIsNullBeforeAndKeptAfter(BufferAllocator allocator) {
    StoreOptions options = StoreOptions.of(directory);
    try (Store store = Store.open(options)) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      Batches.put(dataset, allocator, rows(0, 3000));
      dataset.addColumns(List.of(WORD));
      assertThat(dataset.spec().columns()).containsExactly(Batches.VERSION, WORD);
      assertThat(scanned(dataset, allocator, null, "word")).hasSize(3000).containsOnlyNulls();
      putWithWords(dataset, allocator, rows(3000, 5), false);
      Batches.put(dataset, allocator, rows(3005, 2)); // does not know of it
      assertWords(dataset, allocator, 3002);
    }
    try (Store store = Store.open(options)) { // from the log alone
      assertWords(store.dataset("d"), allocator, 3002);
      store.dataset("d").snapshot();
    }
    try (Store store = Store.open(options)) { // from the snapshot
      Dataset dataset = store.dataset("d");
      assertWords(dataset, allocator, 3002);
      dataset.addColumns(columnsOfEveryType()); // later than the snapshot
      putWithWords(dataset, allocator, rows(0, 2), false);
      assertWords(dataset, allocator, 3000);
    }
    try (Store store = Store.open(options)) {
      Dataset dataset = store.dataset("d");
      assertThat(dataset.spec().columns()).hasSize(2 + columnsOfEveryType().size());
      assertWords(dataset, allocator, 3000);
      for (Field column : columnsOfEveryType()) {
        Filter isNull = new Filter.IsNull(column.getName());
        assertThat(scanned(dataset, allocator, isNull, column.getName())).hasSize(3007);
      }
    }
  }

  @Test
  void aPutAddsColumnsOnlyWhereItSaysSo(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      assertFails(
          Category.INVALID_ARGUMENT,
          "'word': dataset 'd' has none of that name, allowed [version]; to add it, use the action"
              + " add-columns, or set the schema's metadata 'arbalest.add_columns' to 'true'",
          () -> putWithWords(dataset, allocator, rows(0, 1), false));
      putWithWords(dataset, allocator, rows(3000, 3), true);
      putWithWords(dataset, allocator, rows(3003, 3), true);
      assertThat(dataset.spec().columns()).containsExactly(Batches.VERSION, WORD);
      assertWords(dataset, allocator, 0);
      try (VectorSchemaRoot batch =
          withWords(allocator, rows(0, 1), Map.of(DatasetSpec.ADD_COLUMNS_KEY, "yes"))) {
        assertFails(
            Category.INVALID_ARGUMENT, "found 'yes', allowed 'true'", () -> dataset.put(batch));
      }
    }
  }

  @Test
  void typesMatchForEver(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      dataset.addColumns(List.of(WORD, Batches.VERSION));
      dataset.addColumns(List.of(WORD));
      assertThat(dataset.spec().columns()).containsExactly(Batches.VERSION, WORD);
      assertRefused(dataset, "'word': found Int(64, true), allowed Utf8", "word");
      assertRefused(dataset, "'query': the name is reserved", "query");
      assertFails(
          Category.INVALID_ARGUMENT,
          "'blob': found Binary",
          () -> dataset.addColumns(List.of(field("blob", ArrowType.Binary.INSTANCE))));
      assertThat(dataset.spec().columns()).hasSize(2);
    }
  }

  private static void assertRefused(Dataset dataset, String part, String name) {
    assertFails(
        Category.INVALID_ARGUMENT,
        part,
        () -> dataset.addColumns(List.of(field(name, DatasetSpecTest.INT64))));
  }

  /**
   * The power fails at every operation in turn between two puts that an added column lies between.
   */
  @Test
  void aCrashLeavesTheColumnsThatRowsNeed() throws IOException {
    int failures = 0;
    for (int operations = 0; ; operations++) {
      Path data = Files.createDirectory(directory.resolve("data" + operations));
      Path graveyard = Files.createDirectory(directory.resolve("graves" + operations));
      SimulatedDisk disk = new SimulatedDisk(graveyard, operations);
      StoreOptions options = StoreOptions.of(data).withIndexThreads(1);
      boolean acknowledged = false;
      try (BufferAllocator allocator = new RootAllocator()) {
        try (Store store = Store.open(options, disk)) {
          Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
          Batches.put(dataset, allocator, rows(0, 3));
          disk.powerFailsAfter(operations);
          putWithWords(dataset, allocator, rows(3001, 3), true);
          acknowledged = true;
        } catch (StoreException | CompletionException e) {
          assertThat(disk.powerFailed()).as("failed with the power on: %s", e).isTrue();
          failures++;
        }
        boolean isOver = acknowledged && !disk.powerFailed();
        disk.restart(data);
        try (Store store = Store.open(options, disk)) {
          Dataset dataset = store.dataset("d");
          if (acknowledged) {
            assertWords(dataset, allocator, 3);
          } else {
            assertThat(dataset.rowCount()).isIn(3L, 6L);
          }
          putWithWords(dataset, allocator, rows(3001, 3), true); // as its client would
          assertWords(dataset, allocator, 3);
        }
        if (isOver) {
          break;
        }
      } finally {
        new OsDisk().deleteTree(data);
        new OsDisk().deleteTree(graveyard);
      }
    }
    assertThat(failures).isGreaterThan(4);
  }

  @Test
  void whatIsAddedIsFoundByNumberToo(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      Batches.put(dataset, allocator, rows(0, 1500));
      dataset.addColumns(List.of(field("n", DatasetSpecTest.INT64)));
      Filter below = new Filter.Compare("n", Filter.Comparison.LT, new BigDecimal(5));
      assertThat(scanned(dataset, allocator, below, "version")).isEmpty();
      assertThat(scanned(dataset, allocator, new Filter.Not(below), "version")).hasSize(1500);
      assertThat(dataset.deleteMatching(new Filter.IsNull("n")).join().deleted()).isEqualTo(1500);
    }
  }
}
