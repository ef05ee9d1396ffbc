package io.arbalest.bench.service;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A process of its own that asks a server for vectors in each form, at whichever end of a link it
 * is started. Prints a line a form: its name, and the median and 99th percentile of a call in
 * microseconds, from the call to the last batch as Arrow in this process's memory.
 *
 * <p>{@code FormsClient URI K ROWS CALLS FORM...}
 */
final class FormsClient {
  /** The wire has so much code that thousands of calls go by before it is compiled. */
  private static final int ROUNDS_TO_WARM_UP = 4;

  private static final int ROUNDS = 5;

  private FormsClient() {}

  /** Measures and prints. */
  public static void main(String[] arguments) {
    int k = Integer.parseInt(arguments[1]);
    int rows = Integer.parseInt(arguments[2]);
    int calls = Integer.parseInt(arguments[3]);
    String[] forms = Arrays.copyOfRange(arguments, 4, arguments.length);
    Map<String, double[]> micros = new LinkedHashMap<>();
    for (String form : forms) {
      micros.put(form, new double[ROUNDS * calls]);
    }
    try (ArbalestClient client = ArbalestClient.connect(arguments[0])) {
      SearchQuery query = SearchQuery.of(ServiceData.DATASET).k(k).ef(k);
      for (int round = -ROUNDS_TO_WARM_UP; round < ROUNDS; round++) {
        for (String form : forms) {
          SearchQuery asked = query.vectorsAs(form);
          for (int call = 0; call < calls; call++) {
            long start = System.nanoTime();
            get(client, asked.like(id(call, rows)), k);
            if (round >= 0) {
              micros.get(form)[round * calls + call] = (System.nanoTime() - start) / 1e3;
            }
          }
        }
      }
    }
    micros.forEach(
        (form, times) -> {
          Arrays.sort(times);
          System.out.printf(
              Locale.ROOT,
              "%s %.1f %.1f%n",
              form,
              FlightCalls.median(times),
              FlightCalls.p99(times));
        });
  }

  /** The row to search with in a call: spread over all, so that rows are fetched from memory. */
  static long id(int call, int rows) {
    return call * 7919L % rows;
  }

  /** One call; the answer is in memory when it returns. */
  static void get(ArbalestClient client, SearchQuery query, int k) {
    long found = 0;
    try (ResultStream results = client.search(query)) {
      while (results.next()) {
        found += results.root().getRowCount();
      }
    }
    if (found != k) {
      throw new IllegalStateException("found " + found + " rows, asked for " + k);
    }
  }
}
