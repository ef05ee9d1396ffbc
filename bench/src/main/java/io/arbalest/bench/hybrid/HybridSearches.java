package io.arbalest.bench.hybrid;

import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.store.Dataset;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/** Asks all questions in one way and keeps at which rank each was answered. */
final class HybridSearches {
  static final int K = 10;

  private final Dataset dataset;
  private final List<HybridQuery> queries;
  private final float[][] vectors;
  private final BufferAllocator allocator;

  HybridSearches(
      Dataset dataset, List<HybridQuery> queries, float[][] vectors, BufferAllocator allocator) {
    this.dataset = dataset;
    this.queries = queries;
    this.vectors = vectors;
    this.allocator = allocator;
  }

  /**
   * What one way brought.
   *
   * @param ranks of each query's row, from 1; 0: not among the first ten
   */
  record Outcome(HybridRow row, int[] ranks) {}

  /**
   * Asks.
   *
   * @param withVector whether the question's embedding is searched with
   * @param withText whether its words are
   * @param alpha weight of the vector; null fuses by rank
   */
  Outcome run(String system, boolean withVector, boolean withText, Double alpha) {
    int[] ranks = new int[queries.size()];
    double[] millis = new double[queries.size()];
    for (int i = 0; i < ranks.length; i++) {
      try (FixedSizeListVector vector =
          withVector ? VectorColumns.of(vectors, i, 1, allocator) : null) {
        SearchRequest request =
            SearchRequest.builder()
                .queries(vector)
                .text(withText ? queries.get(i).text() : null)
                .alpha(alpha)
                .exact(withVector)
                .cache(false)
                .k(K)
                .build();
        long start = System.nanoTime();
        try (SearchAnswer answer = dataset.search(request, allocator)) {
          millis[i] = (System.nanoTime() - start) / 1e6;
          ranks[i] = rank((BigIntVector) answer.root().getVector("id"), queries.get(i).row());
        }
      }
    }
    return new Outcome(row(system, ranks, millis), ranks);
  }

  private static int rank(BigIntVector ids, int row) {
    for (int i = 0; i < ids.getValueCount(); i++) {
      if (ids.get(i) == row) {
        return i + 1;
      }
    }
    return 0;
  }

  private static HybridRow row(String system, int[] ranks, double[] millis) {
    Arrays.sort(millis);
    return new HybridRow(
        system,
        ranks.length,
        Arrays.stream(ranks).filter(rank -> rank == 1).count() / (double) ranks.length,
        Arrays.stream(ranks).filter(rank -> rank > 0).count() / (double) ranks.length,
        Arrays.stream(ranks).mapToDouble(rank -> rank == 0 ? 0 : 1.0 / rank).sum() / ranks.length,
        millis[millis.length / 2]);
  }
}
