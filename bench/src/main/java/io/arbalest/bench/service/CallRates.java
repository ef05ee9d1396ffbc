package io.arbalest.bench.service;

import io.arbalest.engine.SearchBatch;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * How many queries a second one thread gets through the Java API, by the size of a call.
 *
 * <p>What the library does by itself is measured by one call for all queries: its share of Java is
 * that of one call among a thousand searches, thousandths. The sizes take turns, a pass over all
 * queries each, and each round another one begins; a ratio is taken within a round, where both
 * halves met the same machine, and the median of the rounds counts.
 */
final class CallRates implements AutoCloseable {
  private static final int[] SIZES = {1, 16, 64, 256};
  private static final int ROUNDS = 60;
  private static final int ROUNDS_TO_WARM_UP = 15;

  /** One way to ask all queries. */
  private record Contender(String name, Runnable pass) {}

  private final VectorIndex index;
  private final SearchOptions options;
  private final float[][] queries;
  private final BufferAllocator allocator;
  private final List<FixedSizeListVector> vectors = new ArrayList<>();
  private final List<Contender> contenders = new ArrayList<>();

  CallRates(VectorIndex index, SearchOptions options, ServiceData data) {
    this.index = index;
    this.options = options;
    this.queries = data.queries();
    this.allocator = data.allocator();
    addBatches(queries.length, "in one call");
    contenders.add(new Contender("as float[]", this::searchOneByOne));
    for (int size : SIZES) {
      if (size < queries.length) {
        addBatches(size, "in Arrow batches of " + size);
      }
    }
  }

  private void addBatches(int size, String name) {
    List<FixedSizeListVector> batches = new ArrayList<>();
    for (int first = 0; first < queries.length; first += size) {
      int count = Math.min(size, queries.length - first);
      batches.add(VectorColumns.of(queries, first, count, allocator));
    }
    vectors.addAll(batches);
    contenders.add(new Contender(name, () -> batches.forEach(b -> search(b, options).close())));
  }

  private void searchOneByOne() {
    for (float[] query : queries) {
      index.search(query, options);
    }
  }

  private SearchBatch search(FixedSizeListVector batch, SearchOptions how) {
    return index.search(batch, how, allocator);
  }

  /** Measures all sizes; rows in their order, the call for all queries first. */
  List<ServiceRow> measure() {
    double recall = recall();
    double[][] seconds = new double[contenders.size()][ROUNDS];
    for (int round = -ROUNDS_TO_WARM_UP; round < ROUNDS; round++) {
      for (int turn = 0; turn < contenders.size(); turn++) {
        int number = Math.floorMod(round + turn, contenders.size());
        long start = System.nanoTime();
        contenders.get(number).pass().run();
        if (round >= 0) {
          seconds[number][round] = (System.nanoTime() - start) / 1e9;
        }
      }
    }
    List<ServiceRow> rows = new ArrayList<>();
    for (int number = 0; number < contenders.size(); number++) {
      String name = queries.length + " queries, " + contenders.get(number).name();
      double qps = queries.length / median(seconds[number]);
      if (number == 0) {
        rows.add(ServiceRow.of(name, "QPS", qps).withRecall(recall));
      } else {
        double[] ratios = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
          ratios[round] = seconds[0][round] / seconds[number][round];
        }
        String peer = contenders.get(0).name();
        rows.add(new ServiceRow(name, "QPS", qps, peer, median(ratios), recall));
      }
    }
    return rows;
  }

  /** Beside an exact search; every contender gives the same answers. */
  private double recall() {
    try (SearchBatch answers = search(vectors.get(0), options);
        SearchBatch truth = search(vectors.get(0), options.exact(true))) {
      return FlightCalls.recall(ids(answers), ids(truth), options.k());
    }
  }

  private static List<Long> ids(SearchBatch batch) {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < batch.ids().getValueCount(); i++) {
      ids.add(batch.ids().get(i));
    }
    return ids;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return FlightCalls.median(sorted);
  }

  @Override
  public void close() {
    vectors.forEach(FixedSizeListVector::close);
  }
}
