package io.arbalest.bench.service;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** The calls that the benches time, over one connection. */
final class FlightCalls {

  private static final int ROUNDS = 8;

  private final ArbalestClient client;
  private final ServiceData data;

  FlightCalls(ArbalestClient client, ServiceData data) {
    this.client = client;
    this.data = data;
  }

  /** Puts all rows; returns seconds to the last acknowledgement. */
  double put() {
    long start = System.nanoTime();
    List<VectorSchemaRoot> batches = data.batches();
    try (PutStream stream =
        client.openPut(ServiceData.DATASET, batches.get(0), PutOptions.DEFAULT)) {
      batches.forEach(stream::put);
      stream.finish();
    }
    return seconds(start);
  }

  /** One pass over all queries by DoExchange: k ids a query, in the order of the queries. */
  List<Long> exchange(SearchQuery query) throws IOException {
    List<Long> ids = new ArrayList<>();
    try (QueryStream queries = new QueryStream(data.queryBatches(), data.allocator())) {
      client.searchMany(query, queries, results -> collect(results, ids));
    }
    return ids;
  }

  /** Answers of one query by DoGet. */
  void get(SearchQuery query) {
    try (ResultStream results = client.search(query)) {
      while (results.next()) {
        results.root();
      }
    }
  }

  /** Adds the ids of the current batch. */
  static void collect(ResultStream results, List<Long> ids) {
    BigIntVector column = (BigIntVector) results.root().getVector("id");
    for (int row = 0; row < column.getValueCount(); row++) {
      ids.add(column.get(row));
    }
  }

  /** The share of the truth that the answers hold; both k ids a query. */
  static double recall(List<Long> answers, List<Long> truth, int k) {
    if (answers.size() != truth.size()) {
      throw new IllegalArgumentException(
          "answers: " + answers.size() + " ids; the truth has " + truth.size());
    }
    long found = 0;
    for (int first = 0; first < truth.size(); first += k) {
      int end = Math.min(first + k, truth.size());
      List<Long> nearest = new ArrayList<>(truth.subList(first, end));
      nearest.retainAll(answers.subList(first, end));
      found += nearest.size();
    }
    return (double) found / truth.size();
  }

  /**
   * Microseconds of each call, sorted, of the last of several rounds: the wire has so much code
   * that thousands of calls go by before it is compiled.
   *
   * @param call is given 0, 1, 2, …
   */
  static double[] latencies(int calls, IntConsumer call) {
    double[] micros = new double[calls];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < calls; i++) {
        long start = System.nanoTime();
        call.accept(i);
        micros[i] = (System.nanoTime() - start) / 1e3;
      }
    }
    Arrays.sort(micros);
    return micros;
  }

  static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }

  static double p99(double[] sorted) {
    return sorted[(int) (sorted.length * 0.99)];
  }

  static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
