package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.ArbalestException.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Searches with a filter: what the binding hands over, and what comes back. */
@ExtendWith(NoLeaks.class)
class FilterTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 2000;
  private static final int QUERIES = 9;
  private static final float[][] VECTORS = TestVectors.gaussian(ROWS, DIMENSION, 11);
  private static final float[][] ASKED = TestVectors.gaussian(QUERIES, DIMENSION, 12);

  /** Three quarters linked, every seventh row deleted; the id of row r is 10 r. */
  private static VectorIndex index() {
    VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
    long[] ids = IntStream.range(0, ROWS).mapToLong(row -> 10L * row).toArray();
    index.append(ids, VECTORS);
    assertThat(index.link(ROWS * 3 / 4)).isEqualTo(ROWS * 3 / 4);
    index.delete(
        IntStream.range(0, ROWS).filter(r -> r % 7 == 0).mapToLong(r -> 10L * r).toArray());
    return index;
  }

  /** The ids of the nearest rows that match, for one query. */
  private static List<Long> nearest(float[] query, int k, IntPredicate matches) {
    return IntStream.range(0, ROWS)
        .filter(row -> row % 7 != 0 && matches.test(row))
        .boxed()
        .sorted((a, b) -> Double.compare(distance(query, VECTORS[a]), distance(query, VECTORS[b])))
        .limit(k)
        .map(row -> 10L * row)
        .toList();
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return sum;
  }

  private static List<List<Long>> idsByQuery(SearchBatch hits) {
    List<List<Long>> ids = new ArrayList<>();
    for (int i = 0; i < hits.ids().getValueCount(); i++) {
      while (ids.size() <= hits.queries().get(i)) {
        ids.add(new ArrayList<>());
      }
      ids.get(hits.queries().get(i)).add(hits.ids().get(i));
    }
    return ids;
  }

  @ParameterizedTest
  @EnumSource(value = Strategy.class, mode = EnumSource.Mode.EXCLUDE, names = "SUBSET")
  void onlyMatchingRowsComeBackAndNoneIsMissed(Strategy strategy, BufferAllocator allocator) {
    for (int every : new int[] {1, 2, 10, 50, 400}) {
      IntPredicate matches = row -> row % every == 1 % every;
      try (VectorIndex index = index();
          FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
          BitVector filter = TestVectors.bits(allocator, ROWS, matches);
          SearchBatch hits =
              index.search(
                  queries, filter, SearchOptions.k(10).ef(200).strategy(strategy), allocator)) {
        List<List<Long>> found = idsByQuery(hits);
        assertThat(found).hasSize(QUERIES);
        int same = 0;
        int wanted = 0;
        for (int q = 0; q < QUERIES; q++) {
          List<Long> truth = nearest(ASKED[q], 10, matches);
          assertThat(found.get(q)).doesNotHaveDuplicates().hasSameSizeAs(truth);
          assertThat(found.get(q))
              .allMatch(id -> matches.test((int) (id / 10)) && id / 10 % 7 != 0);
          same += (int) truth.stream().filter(found.get(q)::contains).count();
          wanted += truth.size();
        }
        // FP16 rows may swap two neighbors at nearly one distance
        assertThat(same).isGreaterThanOrEqualTo(wanted * 9 / 10);
      }
    }
  }

  @Test
  void rowsBeyondTheFiltersLengthMayNotComeBack(BufferAllocator allocator) {
    try (VectorIndex index = index();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
        BitVector filter = TestVectors.bits(allocator, 100, row -> true);
        SearchBatch hits = index.search(queries, filter, SearchOptions.k(200), allocator)) {
      assertThat(idsByQuery(hits)).allSatisfy(ids -> assertThat(ids).hasSize(85));
      assertThat(hits.stats().fallbacks()).isZero();
    }
  }

  @Test
  void aFilterThatNothingMatchesGivesNoHits(BufferAllocator allocator) {
    try (VectorIndex index = index();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
        BitVector none = TestVectors.bits(allocator, ROWS, row -> false);
        BitVector empty = TestVectors.bits(allocator, 0, row -> true)) {
      for (BitVector filter : List.of(none, empty)) {
        try (SearchBatch hits = index.search(queries, filter, SearchOptions.k(5), allocator)) {
          assertThat(hits.ids().getValueCount()).isZero();
        }
      }
    }
  }

  @Test
  void aNullInAFilterIsRefusedByItsRow(BufferAllocator allocator) {
    try (VectorIndex index = index();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
        BitVector filter = TestVectors.bits(allocator, ROWS, row -> true)) {
      filter.setNull(17);
      assertThatThrownBy(() -> index.search(queries, filter, SearchOptions.k(5), allocator))
          .isInstanceOfSatisfying(
              ArbalestException.class,
              e -> assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT))
          .hasMessageContaining("filter: row 17: found null");
    }
  }
}
