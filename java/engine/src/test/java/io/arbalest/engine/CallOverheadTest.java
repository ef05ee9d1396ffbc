package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a call costs beside the search itself: on an index of one row there is next to nothing to
 * search, so a call's time is that of JNI, the Arrow structs and the objects of the answer. The
 * best of many rounds counts, which a busy machine disturbs least.
 */
@ExtendWith(NoLeaks.class)
class CallOverheadTest {
  private static final int DIMENSION = 384;
  private static final int ROUNDS = 60;
  private static final int CALLS = 500;

  /** Microseconds a call, in the best round. */
  private static double best(Runnable call) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      best = Math.min(best, (System.nanoTime() - start) / 1e3 / CALLS);
    }
    return best;
  }

  @Test
  void aCallCostsMicroseconds(BufferAllocator allocator) {
    float[][] row = TestVectors.gaussian(1, DIMENSION, 1);
    SearchOptions options = SearchOptions.k(10);
    try (VectorIndex index = VectorIndex.builder(DIMENSION).build();
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, row)) {
      index.add(new long[] {1}, row);
      double one = best(() -> index.search(row[0], options));
      double batch = best(() -> index.search(queries, options, allocator).close());
      double delete = best(() -> index.delete(99));
      double stats = best(index::stats);
      System.out.printf(
          "a call in microseconds: search float[] %.2f, search Arrow batch of 1 %.2f,"
              + " delete long[] %.2f, stats %.2f%n",
          one, batch, delete, stats);
      assertThat(one).as("search(float[])").isLessThan(15);
    }
  }
}
