package io.arbalest.server.metrics;

import io.grpc.Status;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.List;

/**
 * What the server counts. Every child of a labelled metric is looked up once, here, so that
 * counting on a hot path is an addition and nothing more. Each server has a registry of its own:
 * two servers in one process do not share figures.
 */
public final class Metrics {
  private static final List<String> METHODS =
      List.of(
          "DoPut",
          "DoGet",
          "DoExchange",
          "DoAction",
          "GetFlightInfo",
          "GetSchema",
          "ListFlights",
          "ListActions",
          "other");
  private static final double[] LATENCY_SECONDS = {
    .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60
  };

  private final CollectorRegistry registry = new CollectorRegistry();
  private final Counter.Child[][] requests;
  private final Histogram.Child[] latencies;
  private final Gauge underWay;
  private final Counter rowsPut;
  private final Counter rowsDeleted;
  private final Counter searches;
  private final Counter visited;
  private final Histogram searchSeconds;

  public Metrics() {
    Counter requestCounter =
        Counter.build("arbalest_requests_total", "Calls by method and status.")
            .labelNames("method", "status")
            .register(registry);
    Histogram latency =
        Histogram.build("arbalest_request_seconds", "Duration of calls by method.")
            .labelNames("method")
            .buckets(LATENCY_SECONDS)
            .register(registry);
    Status.Code[] codes = Status.Code.values();
    requests = new Counter.Child[METHODS.size()][codes.length];
    latencies = new Histogram.Child[METHODS.size()];
    for (int method = 0; method < METHODS.size(); method++) {
      latencies[method] = latency.labels(METHODS.get(method));
      for (Status.Code code : codes) {
        requests[method][code.ordinal()] = requestCounter.labels(METHODS.get(method), code.name());
      }
    }
    underWay = Gauge.build("arbalest_calls", "Calls under way.").register(registry);
    rowsPut = counter("arbalest_rows_put_total", "Rows put and acknowledged.");
    rowsDeleted = counter("arbalest_rows_deleted_total", "Rows deleted by their ids.");
    searches = counter("arbalest_searches_total", "Queries answered.");
    visited = counter("arbalest_visited_total", "Distances computed by searches.");
    searchSeconds =
        Histogram.build("arbalest_search_seconds", "Duration of a batch of queries in the store.")
            .buckets(LATENCY_SECONDS)
            .register(registry);
  }

  /** For further collectors and for writing everything out. */
  public CollectorRegistry registry() {
    return registry;
  }

  /** A call begins. */
  public Timer callStarted(String method) {
    int index = METHODS.indexOf(method);
    underWay.inc();
    return new Timer(index < 0 ? METHODS.size() - 1 : index);
  }

  /** A batch of rows is acknowledged. */
  public void rowsPut(int rows) {
    rowsPut.inc(rows);
  }

  /** A delete is acknowledged. */
  public void rowsDeleted(long rows) {
    rowsDeleted.inc(rows);
  }

  /** Queries are answered. */
  public void searched(int queries, long distances, long nanos) {
    searches.inc(queries);
    visited.inc(distances);
    searchSeconds.observe(nanos / 1e9);
  }

  private Counter counter(String name, String help) {
    return Counter.build(name, help).register(registry);
  }

  /** Times one call. */
  public final class Timer {
    private final int method;
    private final long start = System.nanoTime();

    private Timer(int method) {
      this.method = method;
    }

    /** The call is over; to be called once. */
    public void ended(Status.Code code) {
      underWay.dec();
      requests[method][code.ordinal()].inc();
      latencies[method].observe((System.nanoTime() - start) / 1e9);
    }
  }
}
