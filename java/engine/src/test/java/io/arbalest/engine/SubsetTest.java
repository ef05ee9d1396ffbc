package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.ArbalestException.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Searches by a subset of a filter's rows: what the binding hands over, and what comes back. */
@ExtendWith(NoLeaks.class)
class SubsetTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 6000;
  private static final int MORE = 500;
  private static final int QUERIES = 20;
  private static final int K = 10;
  private static final SearchOptions OPTIONS =
      SearchOptions.k(K).ef(2 * K).targetRecall(0.99).strategy(Strategy.SUBSET);
  private static final float[][] VECTORS = TestVectors.gaussian(ROWS + MORE, DIMENSION, 21);
  private static final float[][] ASKED = TestVectors.gaussian(QUERIES, DIMENSION, 22);

  /** Rows 0..ROWS-1, linked; the id of a row is its number. */
  private static VectorIndex index() {
    VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).m(8).build();
    append(index, 0, ROWS);
    while (index.link(ROWS) > 0) {
      continue;
    }
    return index;
  }

  private static void append(VectorIndex index, int first, int end) {
    index.append(
        IntStream.range(first, end).mapToLong(row -> row).toArray(),
        Arrays.copyOfRange(VECTORS, first, end));
  }

  private static boolean isThird(long row) {
    return row % 3 == 0;
  }

  private static BitVector thirds(BufferAllocator allocator, int rows) {
    return TestVectors.bits(allocator, rows, row -> isThird(row));
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return sum;
  }

  private static List<Long> nearest(float[] query, int rows, LongPredicate matches) {
    return IntStream.range(0, rows)
        .filter(matches::test)
        .boxed()
        .sorted((a, b) -> Double.compare(distance(query, VECTORS[a]), distance(query, VECTORS[b])))
        .limit(K)
        .map(row -> (long) row)
        .toList();
  }

  /** Searches by the subset; every answer is full and of matching rows, and most are right. */
  private static SearchStats assertFinds(
      VectorIndex index, RowSubset subset, int rows, LongPredicate matches, BufferAllocator all) {
    try (FixedSizeListVector queries = TestVectors.lists(all, TestVectors.FLOAT32, ASKED);
        BitVector filter = thirds(all, rows);
        SearchBatch hits = index.search(queries, filter, subset, OPTIONS, all)) {
      assertThat(hits.ids().getValueCount()).isEqualTo(QUERIES * K);
      int right = 0;
      for (int q = 0; q < QUERIES; q++) {
        List<Long> truth = nearest(ASKED[q], rows, matches);
        List<Long> found = new ArrayList<>();
        for (int i = 0; i < K; i++) {
          found.add(hits.ids().get(q * K + i));
        }
        assertThat(found).doesNotHaveDuplicates().allMatch(matches::test);
        right += (int) truth.stream().filter(found::contains).count();
      }
      assertThat(right).isGreaterThanOrEqualTo(QUERIES * K * 9 / 10);
      return hits.stats();
    }
  }

  @Test
  void aSubsetHasTheLiveRowsThatMatch(BufferAllocator allocator) {
    try (VectorIndex index = index();
        BitVector filter = thirds(allocator, ROWS)) {
      index.delete(3, 6, 7);
      try (RowSubset subset = index.subset(filter)) {
        assertThat(subset.rows()).isEqualTo(ROWS / 3 - 2);
        assertThat(subset.cells()).isBetween(1, ROWS / 3);
        assertThat(subset.bytes()).isGreaterThan(subset.rows());
        assertThat(subset.scannedShare()).isBetween(0.001f, 1f);
        assertThat(index.isCurrent(subset)).isTrue();
        SearchStats stats =
            assertFinds(
                index, subset, ROWS, row -> isThird(row) && row != 3 && row != 6, allocator);
        assertThat(stats.fallbacks()).isZero();
      }
    }
  }

  @Test
  void rowsThatComeAndGoAreSeen(BufferAllocator allocator) {
    try (VectorIndex index = index();
        BitVector filter = thirds(allocator, ROWS);
        RowSubset subset = index.subset(filter)) {
      append(index, ROWS, ROWS + MORE);
      List<Long> gone = nearest(ASKED[0], ROWS + MORE, SubsetTest::isThird);
      index.delete(gone.stream().mapToLong(Long::longValue).toArray());
      assertFinds(
          index, subset, ROWS + MORE, row -> isThird(row) && !gone.contains(row), allocator);
    }
  }

  @Test
  void tooFewRowsHaveNone(BufferAllocator allocator) {
    try (VectorIndex index = index();
        BitVector few = TestVectors.bits(allocator, ROWS, row -> row < 100);
        BitVector none = TestVectors.bits(allocator, 0, row -> true)) {
      assertThat(index.subset(few)).isNull();
      assertThat(index.subset(none)).isNull();
    }
    try (VectorIndex index = VectorIndex.builder(DIMENSION).codes(Codes.NONE).build();
        BitVector all = TestVectors.bits(allocator, ROWS, row -> true)) {
      append(index, 0, ROWS);
      assertThat(index.subset(all)).isNull();
    }
  }

  @Test
  void whatDoesNotFitIsRefused(BufferAllocator allocator) {
    try (VectorIndex index = index();
        VectorIndex other = index();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
        BitVector filter = thirds(allocator, ROWS);
        RowSubset subset = index.subset(filter);
        RowSubset closed = index.subset(filter)) {
      closed.close();
      SearchOptions scan = OPTIONS.strategy(Strategy.SCAN);
      refuses(() -> index.search(queries, filter, null, OPTIONS, allocator));
      refuses(() -> index.search(queries, filter, subset, scan, allocator));
      refuses(() -> index.search(queries, null, subset, OPTIONS, allocator));
      refuses(() -> other.search(queries, filter, subset, OPTIONS, allocator));
      refuses(() -> index.search(ASKED[0], OPTIONS));
      assertThat(other.isCurrent(subset)).isFalse();
      assertThatThrownBy(() -> index.search(queries, filter, closed, OPTIONS, allocator))
          .hasMessage("subset: of an index's rows is closed");
      filter.setNull(17);
      refuses(() -> index.subset(filter));
    }
  }

  private static void refuses(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ArbalestException.class,
            e -> assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT));
  }

  @Test
  void itMayBeClosedAfterItsIndexAndWhileSearchesUseIt() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (BufferAllocator allocator = new RootAllocator();
        BitVector filter = thirds(allocator, ROWS)) {
      VectorIndex index = index();
      RowSubset first = index.subset(filter);
      RowSubset last = index.subset(filter);
      AtomicBoolean closed = new AtomicBoolean();
      CountDownLatch some = new CountDownLatch(20);
      List<Future<?>> searches = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        searches.add(threads.submit(() -> searchUntilRefused(index, first, some, closed)));
      }
      some.await();
      closed.set(true);
      first.close();
      for (Future<?> search : searches) {
        search.get();
      }
      index.close();
      last.close();
      last.close();
    } finally {
      threads.shutdown();
    }
  }

  private static void searchUntilRefused(
      VectorIndex index, RowSubset subset, CountDownLatch some, AtomicBoolean closed) {
    try (BufferAllocator allocator = new RootAllocator();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ASKED);
        BitVector filter = thirds(allocator, ROWS)) {
      while (true) {
        index.search(queries, filter, subset, OPTIONS, allocator).close();
        some.countDown();
      }
    } catch (ArbalestException e) {
      assertThat(e).hasMessageContaining("subset: of an index's rows is closed");
      assertThat(closed).isTrue();
    }
  }
}
