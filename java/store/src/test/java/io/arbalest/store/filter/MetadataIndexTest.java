package io.arbalest.store.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.rows.RowStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;

/** Filters over rows of every type, held against what each row's values say. */
class MetadataIndexTest {
  /** A store of rows and its index, beside the rows as plain values. */
  private static final class Rows implements AutoCloseable {
    final List<TestColumn> columns;
    final DatasetSpec spec;
    final BufferAllocator allocator = new RootAllocator();
    final RowStore store;
    final List<Map<String, Object>> values = new ArrayList<>();
    final Map<Filter, Matches> known = new HashMap<>();
    MetadataIndex index;

    Rows(List<TestColumn> columns) {
      this.columns = columns;
      this.spec =
          DatasetSpec.of("d", Metric.L2, ElementType.FLOAT16, IdType.INT64, 2)
              .withColumns(columns.stream().map(TestColumn::field).toList());
      this.store = new RowStore(spec.idField(), spec.columns(), allocator);
      this.index = new MetadataIndex(store, spec.columns());
    }

    void add(int count, Random random) {
      List<FieldVector> vectors = new ArrayList<>();
      int first = values.size();
      for (int i = 0; i < count; i++) {
        values.add(new HashMap<>());
      }
      for (TestColumn column : columns) {
        List<Object> drawn = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          drawn.add(column.values().apply(random));
          values.get(first + i).put(column.name(), drawn.get(i));
        }
        vectors.add(column.vector(drawn, allocator));
      }
      try (BigIntVector ids = new BigIntVector("id", allocator)) {
        ids.allocateNew(count);
        ids.setValueCount(count);
        store.append(ids, vectors);
      }
      vectors.forEach(FieldVector::close);
      index.rowsAdded();
    }

    void delete(int count, Random random) {
      for (int i = 0; i < count; i++) {
        int row = random.nextInt(values.size());
        if (!store.isDeleted(row)) {
          store.delete(row);
        }
      }
    }

    /** Asks no row again that was asked with the same filter before. */
    RowFilter select(Filter filter) {
      BoundFilter bound = FilterCompiler.compile(spec, filter);
      Matches before = known.getOrDefault(filter, Matches.NONE);
      Matches now = index.match(bound, before, store.rows());
      known.put(filter, now);
      return index.living(now);
    }

    void assertSelects(Filter filter) {
      RowFilter found = select(filter);
      int count = 0;
      for (int row = 0; row < values.size(); row++) {
        boolean wanted = !store.isDeleted(row) && FilterOracle.matches(filter, values.get(row));
        if (found.contains(row) != wanted) {
          assertThat(found.contains(row))
              .as("%s on row %d of %d: %s", filter, row, values.size(), values.get(row))
              .isEqualTo(wanted);
        }
        count += wanted ? 1 : 0;
      }
      assertThat(found.cardinality()).isEqualTo(count);
      assertThat(found.rows()).isEqualTo(values.size());
    }

    @Override
    public void close() {
      store.close();
      allocator.close();
    }
  }

  @Property(tries = 5, shrinking = ShrinkingMode.OFF)
  void randomTreesSelectWhatTheirRowsSay(@ForAll long seed) {
    Random random = new Random(seed);
    try (Rows rows = new Rows(TestColumn.all())) {
      for (int step = 0; step < 4; step++) {
        rows.add(1 + random.nextInt(step == 3 ? 8000 : 1500), random);
        List.copyOf(rows.known.keySet()).forEach(rows::assertSelects);
        for (int i = 0; i < 15; i++) {
          rows.assertSelects(RandomFilters.tree(rows.columns, random, 4));
        }
        rows.delete(random.nextInt(200), random);
        if (random.nextInt(3) == 0) { // as when a snapshot is opened
          rows.index = new MetadataIndex(rows.store, rows.spec.columns());
        }
      }
    }
  }

  @Test
  void everyOperatorIsRightOnEveryTypeAndIndex() {
    Random random = new Random(42);
    try (Rows rows = new Rows(TestColumn.all())) {
      rows.add(2 * 1024 + 300, random);
      for (boolean withDeleted : new boolean[] {false, true}) {
        for (TestColumn column : rows.columns) {
          for (String op : ColumnKind.of(column.field()).ops().split(" ")) {
            for (int i = 0; i < 2; i++) {
              rows.assertSelects(RandomFilters.leaf(column, op, random));
            }
          }
        }
        rows.delete(300, random);
      }
    }
  }

  @Test
  void largeSegmentsSelectTheSameAsSmallOnes() {
    Set<String> names =
        Set.of("uint64", "float64", "at_NANOSECOND", "word", "name", "tags", "flag");
    List<TestColumn> some =
        TestColumn.all().stream().filter(column -> names.contains(column.name())).toList();
    Random random = new Random(7);
    try (Rows rows = new Rows(some)) {
      rows.add(60_000, random);
      rows.add(8_000, random); // fills the first segment of 65,536
      rows.delete(3_000, random);
      for (int i = 0; i < 15; i++) {
        rows.assertSelects(RandomFilters.tree(some, random, 2));
      }
      rows.add(2_100, random); // more than a small segment, less than one of 8,192
      List.copyOf(rows.known.keySet()).forEach(rows::assertSelects);
      rows.known.clear();
      rows.index = new MetadataIndex(rows.store, rows.spec.columns());
      for (int i = 0; i < 15; i++) {
        rows.assertSelects(RandomFilters.tree(some, random, 2));
      }
    }
  }

  @Test
  void aDeletionAsksNoColumn() {
    List<TestColumn> some =
        TestColumn.all().stream().filter(column -> column.name().equals("flag")).toList();
    Filter filter = new Filter.Compare("flag", Filter.Comparison.EQ, true);
    Random random = new Random(3);
    try (Rows rows = new Rows(some)) {
      rows.add(1500, random);
      rows.assertSelects(filter);
      Matches matches = rows.known.get(filter);
      rows.delete(300, random);
      rows.assertSelects(filter);
      assertThat(rows.known.get(filter)).isSameAs(matches);
    }
  }

  @Test
  void aTextColumnTakesTheIndexThatItsDataAskFor() {
    TestColumn[] column = new TestColumn[1];
    int[] drawn = {0};
    column[0] =
        new TestColumn(
            new Field("word", FieldType.nullable(ArrowType.Utf8.INSTANCE), null),
            random -> "w" + (drawn[0] < 8192 ? drawn[0]++ % 20 : drawn[0]++));
    try (Rows rows = new Rows(List.of(column))) {
      rows.add(8192, new Random(1));
      assertThat(kinds(rows)).containsExactly(IndexKind.BITMAP);
      long bytes = rows.index.columns().get(0).bytes();
      rows.add(8192, new Random(1));
      assertThat(kinds(rows)).containsExactly(IndexKind.BITMAP, IndexKind.EXACT);
      assertThat(rows.index.columns().get(0).bytes()).isGreaterThan(bytes + 8192 * 6);
      for (String word : List.of("w3", "w8191", "w9000", "nowhere")) {
        rows.assertSelects(new Filter.Compare("word", Filter.Comparison.EQ, word));
        rows.assertSelects(new Filter.Compare("word", Filter.Comparison.NE, word));
        rows.assertSelects(new Filter.Contains("word", word.substring(1)));
      }
    }
  }

  private static Set<IndexKind> kinds(Rows rows) {
    return rows.index.columns().get(0).kinds();
  }

  @Test
  void theBitsOfAFilterAreThoseOfItsRows() {
    List<TestColumn> some =
        TestColumn.all().stream().filter(column -> column.name().equals("flag")).toList();
    try (Rows rows = new Rows(some)) {
      for (int more : new int[] {0, 1, 63, 1, 1000, 3000}) {
        if (more > 0) {
          rows.add(more, new Random(more));
        }
        RowFilter filter = rows.select(new Filter.Compare("flag", Filter.Comparison.EQ, true));
        List<Integer> listed = new ArrayList<>();
        for (int row = filter.next(0); row >= 0; row = filter.next(row + 1)) {
          listed.add(row);
        }
        assertThat(listed).hasSize(filter.cardinality());
        Matches unused = new Matches(rows.values.size(), filter.words());
        try (SelectedRows selected = SelectedRows.first(unused, filter, 0, 0, rows.allocator)) {
          BitVector bits = selected.bits();
          assertThat(bits.getValueCount()).isEqualTo((rows.values.size() + 63) / 64 * 64);
          assertThat(bits.getDataBufferAddress() % 8).isZero();
          for (int row = 0; row < bits.getValueCount(); row++) {
            boolean wanted =
                row < rows.values.size() && Boolean.TRUE.equals(rows.values.get(row).get("flag"));
            assertThat(bits.get(row)).isEqualTo(wanted ? 1 : 0);
            assertThat(listed.contains(row)).isEqualTo(wanted);
            assertThat(filter.words()[row / 64] >>> row & 1).isEqualTo(wanted ? 1 : 0);
          }
        }
      }
    }
  }
}
