package io.arbalest.store.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.engine.RowSubset;
import io.arbalest.engine.VectorIndex;
import io.arbalest.store.Await;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.filter.Filter.Comparison;
import io.arbalest.store.rows.RowStore;
import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Searches that began earlier than others with the same filter, and are done later: rows are
 * written, and others search, after such a one has read how many rows there are. Closing the cache
 * fails if anything that was selected is left.
 */
class DatasetFiltersTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 3000;
  private static final int MORE = 100;
  private static final Field VERSION =
      new Field("version", FieldType.nullable(new ArrowType.Int(32, true)), null);

  private final DatasetSpec spec =
      DatasetSpec.of("d", Metric.L2, ElementType.FLOAT16, IdType.INT64, DIMENSION)
          .withColumns(List.of(VERSION));
  private final BoundFilter even =
      FilterCompiler.compile(
          spec, new Filter.Compare("version", Comparison.EQ, BigDecimal.valueOf(0)));

  private final BufferAllocator allocator = new RootAllocator();
  private final RowStore rows = new RowStore(spec.idField(), spec.columns(), allocator);
  private final MetadataIndex index = new MetadataIndex(rows, spec.columns());
  private final VectorIndex vectors =
      VectorIndex.builder(DIMENSION).metric(Metric.L2).element(ElementType.FLOAT16).build();
  private final FilterCache cache = new FilterCache(1 << 24, 0);
  private final DatasetFilters filters =
      cache.open(index, vectors, this::end, stamp -> stamp == this.deletions);

  private long deletions = 1;
  private Runnable meanwhile = () -> {};

  @AfterEach
  void close() {
    filters.close();
    assertThat(filters.status().entries()).isZero();
    assertThat(filters.status().bytes()).isZero();
    cache.close();
    vectors.close();
    rows.close();
    allocator.close();
  }

  /** What a search asks for after it has looked at what is kept. */
  private int end() {
    int end = rows.rows();
    Runnable once = meanwhile;
    meanwhile = () -> {};
    once.run();
    return end;
  }

  private void add(int count) {
    int first = rows.rows();
    Random random = new Random(first);
    float[][] added = new float[count][DIMENSION];
    try (BigIntVector ids = new BigIntVector("id", allocator);
        IntVector versions = (IntVector) VERSION.createVector(allocator)) {
      ids.allocateNew(count);
      versions.allocateNew(count);
      for (int i = 0; i < count; i++) {
        ids.set(i, first + i);
        versions.set(i, (first + i) % 2);
        for (int component = 0; component < DIMENSION; component++) {
          added[i][component] = (float) random.nextGaussian();
        }
      }
      ids.setValueCount(count);
      versions.setValueCount(count);
      rows.append(ids, List.of(versions));
    }
    index.rowsAdded();
    vectors.append(LongStream.range(first, first + count).toArray(), added);
  }

  private void delete(int row) {
    rows.delete(row);
    vectors.delete(row);
    deletions++;
  }

  /** A search that earns a subset at once; returns what is kept after it. */
  private RowSubset searchAndBuild() {
    long builds = filters.status().subsetBuilds();
    try (SelectedRows selected = filters.select(even, deletions)) {
      filters.searched(even, selected, 1);
    }
    Await.until("it is built", () -> filters.status().subsetsDue() == 0);
    assertThat(filters.status().subsetBuilds()).isEqualTo(builds + 1);
    return keptSubset();
  }

  private RowSubset keptSubset() {
    try (SelectedRows selected = filters.select(even, deletions)) {
      return selected.subset();
    }
  }

  /** Searches, and something happens after this search has begun; returns how many rows it saw. */
  private int searchLate(Runnable after) {
    meanwhile = after;
    try (SelectedRows late = filters.select(even, deletions)) {
      assertThat(late.rows().cardinality()).isEqualTo((late.rows().rows() + 1) / 2);
      assertThat(late.bits().getValueCount()).isGreaterThanOrEqualTo(late.rows().rows());
      return late.rows().rows();
    }
  }

  /** What was built for more rows than a late search saw is kept after it, at once and for good. */
  private void assertKept(RowSubset[] built) {
    assertThat(built[0]).isNotNull();
    long hits = filters.status().hits();
    assertThat(keptSubset()).isSameAs(built[0]);
    assertThat(keptSubset()).isSameAs(built[0]);
    assertThat(filters.status().hits()).isEqualTo(hits + 2);
    assertThat(filters.status().entries()).isEqualTo(1);
    assertThat(filters.status().subsets()).isEqualTo(1);
  }

  @Test
  void aLateSearchThatFoundNothingKeptLeavesTheSubsetOfAnother() {
    add(ROWS);
    RowSubset[] built = new RowSubset[1];
    Runnable other =
        () -> {
          add(MORE);
          built[0] = searchAndBuild();
        };
    assertThat(searchLate(other)).isEqualTo(ROWS);
    assertKept(built);
    assertThat(filters.status().subsetBuilds()).isEqualTo(1);
  }

  @Test
  void aLateSearchThatFoundOlderRowsKeptLeavesTheSubsetOfAnother() {
    add(ROWS);
    assertThat(keptSubset()).isNull();
    add(MORE);
    RowSubset[] built = new RowSubset[1];
    Runnable other =
        () -> {
          add(MORE);
          built[0] = searchAndBuild();
        };
    assertThat(searchLate(other)).isEqualTo(ROWS + MORE);
    assertKept(built);
    assertThat(filters.status().subsetBuilds()).isEqualTo(1);
  }

  /** The late search goes by an older subset, which the other has outgrown and replaced. */
  @Test
  void aLateSearchWithASubsetOfItsOwnLeavesTheLaterOneOfAnother() {
    add(ROWS);
    RowSubset first = searchAndBuild();
    assertThat(first).isNotNull();
    add(MORE);
    RowSubset[] built = new RowSubset[1];
    Runnable other =
        () -> {
          add(ROWS);
          built[0] = searchAndBuild();
        };
    assertThat(searchLate(other)).isEqualTo(ROWS + MORE);
    assertThat(built[0]).isNotSameAs(first);
    assertKept(built);
    assertThat(filters.status().subsetBuilds()).isEqualTo(2);
  }

  @Test
  void aLateSearchThatHasNotSeenADeletionLeavesTheRowsOfOneThatHas() {
    add(ROWS);
    RowSubset[] built = {searchAndBuild()};
    delete(0);
    Runnable other =
        () -> {
          delete(2);
          assertThat(keptSubset()).isSameAs(built[0]);
        };
    meanwhile = other;
    try (SelectedRows late = filters.select(even, deletions)) {
      assertThat(late.rows().rows()).isEqualTo(ROWS);
    }
    assertKept(built);
  }

  /** No write came between two searches: what is kept is what the later one brought, or as good. */
  @Test
  void searchesAtOnceShareOneSubset() {
    add(ROWS);
    RowSubset[] built = new RowSubset[1];
    assertThat(searchLate(() -> built[0] = searchAndBuild())).isEqualTo(ROWS);
    assertKept(built);
    assertThat(filters.status().subsetBuilds()).isEqualTo(1);
  }
}
