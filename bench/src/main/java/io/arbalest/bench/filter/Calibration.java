package io.arbalest.bench.filter;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.engine.SearchBatch;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.Strategy;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Measures what the planner weighs: the cost of a row in a scan of the matching rows and of a
 * filtered traversal beside that of a row visited by an unfiltered one, and the breadth that a
 * traversal needs for recall 0.99, over selectivity, dimension, element type and k.
 *
 * <p>Filters are independent of the vectors. Queries are asked one by one; a time is the thread's
 * processor time, the least of some passes over all queries. The three ways take turns in one
 * process.
 */
final class Calibration {
  static final int[] DIMENSIONS = {96, 384, 1536};
  private static final int[] ROWS = {30_000, 15_000, 6_000};
  private static final int[] KS = {1, 10, 100};
  private static final double[] SHARES = {1, 0.6, 0.3, 0.1, 0.03, 0.01};
  private static final int[] EFS = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384};

  /** Below this share a traversal that only checks its results visits most of the graph. */
  private static final double GRAPH_SHARE_MIN = 0.05;

  private static final int QUERIES = 40;
  private static final int PASSES = 2;
  private static final double RECALL = 0.99;
  private static final int BUILDERS = 2;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final PrintStream out;
  private final BufferAllocator allocator;

  /** A way to search at one breadth: its time, recall and count. */
  record Point(int ef, double micros, double recall, double visited) {}

  Calibration(PrintStream out, BufferAllocator allocator) {
    this.out = out;
    this.allocator = allocator;
  }

  /** Measures all, and prints a line a setting. */
  void run() throws InterruptedException {
    line("dimension element k share matching strategy ef recall us visited ns_a_visit");
    for (int i = 0; i < DIMENSIONS.length; i++) {
      GeneratedRows rows = new GeneratedRows(DIMENSIONS[i], 42);
      float[][] base = rows.next(ROWS[i]);
      float[][] queries = rows.next(QUERIES);
      for (ElementType element : ElementType.values()) {
        try (VectorIndex index = build(base, element)) {
          measure(index, base, queries);
        }
      }
    }
  }

  private VectorIndex build(float[][] base, ElementType element) throws InterruptedException {
    VectorIndex index =
        VectorIndex.builder(base[0].length).metric(Metric.L2).element(element).build();
    long[] ids = new long[base.length];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = row;
    }
    index.append(ids, base);
    List<Thread> builders = new ArrayList<>();
    for (int i = 0; i < BUILDERS; i++) {
      Thread builder =
          new Thread(
              () -> {
                int linked = index.link(256);
                while (linked > 0) {
                  linked = index.link(256);
                }
              });
      builder.start();
      builders.add(builder);
    }
    for (Thread builder : builders) {
      builder.join();
    }
    index.freeze();
    return index;
  }

  private void measure(VectorIndex index, float[][] base, float[][] queryRows) {
    Distances distances = new Distances(Metric.L2, base);
    List<BitSet> matches = new ArrayList<>();
    Random random = new Random(7);
    for (double share : SHARES) {
      BitSet bits = new BitSet(base.length);
      for (int row = 0; row < base.length; row++) {
        bits.set(row, random.nextDouble() < share);
      }
      matches.add(bits);
    }
    List<List<int[]>> truths = new ArrayList<>();
    NearestRows nearest = new NearestRows(KS[KS.length - 1]);
    matches.forEach(bits -> truths.add(new ArrayList<>()));
    for (float[] query : queryRows) {
      float[] all = distances.of(query);
      for (int i = 0; i < matches.size(); i++) {
        truths.get(i).add(nearest.of(all, matches.get(i)));
      }
    }
    List<FixedSizeListVector> queries = new ArrayList<>();
    for (int query = 0; query < queryRows.length; query++) {
      queries.add(VectorColumns.of(queryRows, query, 1, allocator));
    }
    for (int k : KS) {
      for (int i = 0; i < SHARES.length; i++) {
        try (BitVector filter = bits(matches.get(i), base.length)) {
          measure(index, queries, filter, matches.get(i), truths.get(i), k, SHARES[i]);
        }
      }
    }
    queries.forEach(FixedSizeListVector::close);
  }

  private void measure(
      VectorIndex index,
      List<FixedSizeListVector> queries,
      BitVector filter,
      BitSet matches,
      List<int[]> truth,
      int k,
      double share) {
    for (Strategy strategy : Strategy.values()) {
      boolean isTooFar = strategy == Strategy.GRAPH && share < GRAPH_SHARE_MIN;
      if (isTooFar || strategy == Strategy.SUBSET) { // bench filter itself shows what subsets do
        continue;
      }
      SearchOptions options = SearchOptions.k(k).strategy(strategy);
      Point point =
          strategy == Strategy.EXACT
              ? point(index, queries, filter, options, truth, PASSES)
              : least(index, queries, filter, options, truth);
      line(
          "%d %s %d %.3f %d %s %d %.4f %.1f %.0f %.2f",
          index.dimension(),
          index.element().wireName(),
          k,
          share,
          matches.cardinality(),
          strategy,
          point.ef(),
          point.recall(),
          point.micros(),
          point.visited(),
          1000 * point.micros() / Math.max(1, point.visited()));
    }
  }

  /** The narrowest search that reaches the recall; the widest of all where none does. */
  private Point least(
      VectorIndex index,
      List<FixedSizeListVector> queries,
      BitVector filter,
      SearchOptions options,
      List<int[]> truth) {
    SearchOptions last = options;
    for (int ef : EFS) {
      if (ef >= options.k()) {
        last = options.ef(ef);
        if (point(index, queries, filter, last, truth, 1).recall() >= RECALL) {
          break;
        }
      }
    }
    return point(index, queries, filter, last, truth, PASSES);
  }

  private Point point(
      VectorIndex index,
      List<FixedSizeListVector> queries,
      BitVector filter,
      SearchOptions options,
      List<int[]> truth,
      int passes) {
    double best = Double.MAX_VALUE;
    long found = 0;
    long wanted = 0;
    long visited = 0;
    for (int pass = 0; pass < passes; pass++) {
      long nanos = 0;
      found = 0;
      wanted = 0;
      visited = 0;
      for (int query = 0; query < queries.size(); query++) {
        long start = threads.getCurrentThreadCpuTime();
        try (SearchBatch answer = index.search(queries.get(query), filter, options, allocator)) {
          nanos += threads.getCurrentThreadCpuTime() - start;
          visited += answer.stats().visited() + answer.stats().tailScanned();
          found += found(answer.ids(), truth.get(query), options.k());
        }
        wanted += Math.min(options.k(), truth.get(query).length);
      }
      best = Math.min(best, nanos / 1e3 / queries.size());
    }
    double count = queries.size();
    return new Point(
        options.ef(), best, wanted == 0 ? 1 : (double) found / wanted, visited / count);
  }

  private static int found(BigIntVector ids, int[] truth, int k) {
    Set<Integer> right = new HashSet<>();
    for (int i = 0; i < Math.min(k, truth.length); i++) {
      right.add(truth[i]);
    }
    int found = 0;
    for (int i = 0; i < ids.getValueCount(); i++) {
      found += right.remove((int) ids.get(i)) ? 1 : 0;
    }
    return found;
  }

  private BitVector bits(BitSet matches, int rows) {
    BitVector bits = new BitVector("filter", allocator);
    bits.allocateNew(rows);
    for (int row = 0; row < rows; row++) {
      bits.set(row, matches.get(row) ? 1 : 0);
    }
    bits.setValueCount(rows);
    return bits;
  }

  private void line(String pattern, Object... values) {
    out.println(String.format(Locale.ROOT, pattern, values));
  }
}
