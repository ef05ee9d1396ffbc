package io.arbalest.store.shadow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.ShadowOptions;
import io.arbalest.store.ShadowStatus;
import io.arbalest.store.TestAllocator;
import io.arbalest.store.VectorsAs;
import io.arbalest.store.filter.Filter;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is taken, what is asked, and how it is judged, against a dataset made of fixed answers. */
@ExtendWith(TestAllocator.class)
class ShadowSamplerTest {
  private static final ShadowOptions ALL = new ShadowOptions(1, 1);

  private static SearchAnswer answer(
      BufferAllocator allocator, String strategy, long[] ids, float... distances) {
    BigIntVector idColumn = new BigIntVector("id", allocator);
    Float4Vector distanceColumn = new Float4Vector("distance", allocator);
    for (int i = 0; i < ids.length; i++) {
      idColumn.setSafe(i, ids[i]);
      distanceColumn.setSafe(i, distances[i]);
    }
    idColumn.setValueCount(ids.length);
    distanceColumn.setValueCount(ids.length);
    return new SearchAnswer(
        VectorSchemaRoot.of(idColumn, distanceColumn), strategy, ids.length, false);
  }

  /** A dataset whose nearest rows are 1, 2, 3 at the distances 0.1, 0.2, 0.3. */
  private static class Fixed implements ShadowTarget {
    final ShadowRecall recall = new ShadowRecall();
    volatile SearchRequest asked;
    volatile long sequence = 5;

    @Override
    public SearchAnswer search(SearchRequest request, BufferAllocator allocator) {
      asked = request;
      return answer(allocator, "exact", new long[] {1, 2, 3}, 0.1f, 0.2f, 0.3f);
    }

    @Override
    public long sequence() {
      return sequence;
    }

    @Override
    public ShadowRecall recall() {
      return recall;
    }

    long samples() {
      ShadowStatus status = recall.status();
      return status.strategies().stream().mapToLong(ShadowStatus.StrategyRecall::samples).sum();
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not within a minute: " + what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static final SearchRequest LIKE = SearchRequest.like(9L, 3);

  private static double recallOf(BufferAllocator allocator, long[] ids, float... distances) {
    Fixed target = new Fixed();
    try (ShadowSampler sampler = new ShadowSampler(ALL);
        SearchAnswer live = answer(allocator, "graph", ids, distances)) {
      sampler.observe(target, 5, LIKE, live);
      await("the sample is checked", () -> target.samples() == 1);
    }
    assertThat(target.recall.status().strategies().get(0).strategy()).isEqualTo("graph");
    return target.recall.status().strategies().get(0).recall();
  }

  @Test
  void rowsAsNearAsTheLastAreAsGoodAndNearerOnesThatAreNotTrueAreNot(BufferAllocator allocator) {
    assertThat(recallOf(allocator, new long[] {1, 2, 3}, 0.1f, 0.2f, 0.3f)).isEqualTo(1);
    assertThat(recallOf(allocator, new long[] {1, 2, 77}, 0.1f, 0.2f, 0.3f)).isEqualTo(1);
    assertThat(recallOf(allocator, new long[] {1, 2, 77}, 0.1f, 0.2f, 0.31f))
        .isCloseTo(2 / 3.0, within(1e-9));
    // A row that the filter should have kept out is no hit, however near.
    assertThat(recallOf(allocator, new long[] {77, 1, 2}, 0.05f, 0.1f, 0.2f))
        .isCloseTo(2 / 3.0, within(1e-9));
    assertThat(recallOf(allocator, new long[] {1}, 0.1f)).isCloseTo(1 / 3.0, within(1e-9));
    assertThat(recallOf(allocator, new long[] {})).isZero();
  }

  @Test
  void theExactSearchIsOfTheSameQueryAndFilterAndOfNothingElse(BufferAllocator allocator) {
    Fixed target = new Fixed();
    Filter filter = new Filter.IsNull("year");
    SearchRequest request =
        LIKE.with()
            .filter(filter)
            .targetRecall(0.5)
            .columns(List.of("year"))
            .vectorsAs(VectorsAs.SQ8)
            .build();
    try (ShadowSampler sampler = new ShadowSampler(ALL);
        SearchAnswer live = answer(allocator, "filtered-graph", new long[] {1}, 0.1f)) {
      sampler.observe(target, 5, request, live);
      await("the sample is checked", () -> target.samples() == 1);
      SearchRequest asked = target.asked;
      assertThat(asked.with().timeout(null).build())
          .isEqualTo(LIKE.with().filter(filter).exact(true).cache(false).build());
      assertThat(asked.timeout()).isNotNull();
      sampler.observe(target, 5, LIKE.with().text("words").build(), live);
    }
    assertThat(target.samples()).as("not of a search by text").isEqualTo(1);
    assertThat(target.recall.status().dropped()).isZero();
  }

  @Test
  void aSampleOfAnotherStateIsLabelledAndNotJudged(BufferAllocator allocator) {
    Fixed writtenBefore = new Fixed();
    writtenBefore.sequence = 6;
    Fixed writtenMeanwhile =
        new Fixed() {
          @Override
          public SearchAnswer search(SearchRequest request, BufferAllocator memory) {
            sequence = 6;
            return super.search(request, memory);
          }
        };
    try (ShadowSampler sampler = new ShadowSampler(ALL);
        SearchAnswer live = answer(allocator, "graph", new long[] {1}, 0.1f)) {
      for (Fixed target : List.of(writtenBefore, writtenMeanwhile)) {
        sampler.observe(target, 5, LIKE, live);
        await("the sample is looked at", () -> target.recall.status().changed() == 1);
        assertThat(target.samples()).isZero();
      }
    }
    assertThat(writtenBefore.asked).as("no exact search for nothing").isNull();
  }

  @Test
  void whatDoesNotFitTheQueueIsDroppedAndCounted(BufferAllocator allocator) throws Exception {
    CountDownLatch searching = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Fixed slow =
        new Fixed() {
          @Override
          public SearchAnswer search(SearchRequest request, BufferAllocator memory) {
            searching.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return super.search(request, memory);
          }
        };
    try (ShadowSampler sampler = new ShadowSampler(ALL);
        SearchAnswer live = answer(allocator, "graph", new long[] {1}, 0.1f)) {
      sampler.observe(slow, 5, LIKE, live);
      searching.await();
      for (int i = 0; i < ShadowSampler.SAMPLES_MAX + 7; i++) {
        sampler.observe(slow, 5, LIKE, live);
      }
      assertThat(slow.recall.status().dropped()).isEqualTo(7);
      goOn.countDown();
      await("the queue is worked off", () -> slow.samples() == 1 + ShadowSampler.SAMPLES_MAX);
    }
  }

  @Test
  void theShareIsKeptOnTheAverageAndACallIsNotReadToPieces() {
    assertThat(ShadowSampler.samples(1, 0.001, 0.0009)).isEqualTo(1);
    assertThat(ShadowSampler.samples(1, 0.001, 0.0011)).isZero();
    assertThat(ShadowSampler.samples(1500, 0.001, 0.49)).isEqualTo(2);
    assertThat(ShadowSampler.samples(1500, 0.001, 0.51)).isEqualTo(1);
    assertThat(ShadowSampler.samples(65_536, 1, 0.5)).isEqualTo(ShadowSampler.SAMPLES_A_CALL_MAX);
    assertThat(ShadowSampler.samples(1, 1, 0.999)).isEqualTo(1);
  }
}
