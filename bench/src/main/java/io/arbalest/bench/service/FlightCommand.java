package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.SearchQuery;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.ServerOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code arbalest bench flight}: what the wire costs, beside the same work in this process, and
 * what vectors in answers cost by their form.
 */
@Command(
    name = "flight",
    sortOptions = false,
    description = "Puts and searches over loopback Flight, beside the same work in process.",
    mixinStandardHelpOptions = true)
public final class FlightCommand implements Callable<Integer> {

  /** Queries of a message: enough to make the message's own cost small. */
  private static final int QUERY_ROWS = 100;

  private static final double SECONDS_MIN = 2;

  @Mixin private ServiceOptions options;

  @Option(
      names = "--forms-only",
      description =
          "Only answers with vectors in each form, over loopback and over a link of 1 Gbit/s, on"
              + " rows made up for it. The link takes root and the commands ip and tc (iproute2)")
  private boolean formsOnly;

  private ServiceData data;
  private ServiceReport report;
  private FlightCalls calls;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (formsOnly) {
      report = new ServiceReport(Map.of("rows", "made up"));
    } else {
      measureCalls();
    }
    new AnswerForms(report).measure();
    report.print(System.out);
    report.write(options.json, options.markdown);
    return 0;
  }

  private void measureCalls() throws IOException, InterruptedException {
    options.check();
    try (ServiceData opened =
            new ServiceData(options.data, options.rows, options.batch, QUERY_ROWS);
        ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-flight-");
        ArbalestServer server =
            ArbalestServer.start(
                ServerOptions.of(scratch.path()).withPorts(0, ServerOptions.NO_HTTP));
        ArbalestClient client = ArbalestClient.connect(server.uri())) {
      data = opened;
      report = new ServiceReport(options.parameters(data));
      calls = new FlightCalls(client, data);
      double seconds = calls.put();
      report.add(ServiceRow.of("DoPut, acknowledged", "rows/s", data.rows() / seconds));
      report.add(
          ServiceRow.of("DoPut, acknowledged vectors", "MB/s", data.vectorBytes() / seconds / 1e6));
      client.flush(ServiceData.DATASET);
      client.freeze(ServiceData.DATASET);
      int threads = Math.min(2, Runtime.getRuntime().availableProcessors());
      try (VectorIndex index = data.buildIndex(threads)) {
        index.freeze();
        measure(client, index);
      }
    }
  }

  private void measure(ArbalestClient client, VectorIndex index) throws IOException {
    int k = options.data.k();
    int single = Math.min(data.queries().length, 1000);
    SearchQuery remembered =
        SearchQuery.of(ServiceData.DATASET).k(k).ef(options.ef).vectorsAs("none");
    SearchQuery query = remembered.cache(false);
    SearchOptions inProcess = SearchOptions.k(k).ef(Math.max(k, options.ef));
    List<Long> truth = calls.exchange(query.exact(true));
    double recall = FlightCalls.recall(calls.exchange(query), truth, k);

    double[] direct =
        FlightCalls.latencies(single, i -> index.search(data.queries()[i], inProcess));
    double[] wire = FlightCalls.latencies(single, i -> calls.get(query.vector(data.queries()[i])));
    double[] coded =
        FlightCalls.latencies(
            single, i -> calls.get(query.vectorsAs("sq8").vector(data.queries()[i])));
    double[] cached =
        FlightCalls.latencies(single, i -> calls.get(remembered.vector(data.queries()[i])));
    double[] empty = FlightCalls.latencies(single, i -> client.status(ServiceData.DATASET));
    String beside = "in process";
    report.add(
        ServiceRow.of("one query, in process, median", "us", FlightCalls.median(direct))
            .withRecall(recall));
    report.add(
        ServiceRow.of("one query, DoGet, median", "us", FlightCalls.median(wire))
            .against(beside, FlightCalls.median(direct))
            .withRecall(recall));
    report.add(
        ServiceRow.of("one query, DoGet, 99th percentile", "us", FlightCalls.p99(wire))
            .against(beside, FlightCalls.p99(direct))
            .withRecall(recall));
    report.add(
        ServiceRow.of("one query, DoGet with sq8 vectors, median", "us", FlightCalls.median(coded))
            .against(beside, FlightCalls.median(direct))
            .withRecall(recall));
    report.add(
        ServiceRow.of("one query, DoGet from the cache, median", "us", FlightCalls.median(cached))
            .against("DoGet", FlightCalls.median(wire))
            .withRecall(recall));
    report.add(ServiceRow.of("DoAction status, median", "us", FlightCalls.median(empty)));

    double directQps = directQps(index, inProcess);
    double wireQps = wireQps(query);
    report.add(
        ServiceRow.of("batch of queries, in process, 1 thread", "QPS", directQps)
            .withRecall(recall));
    report.add(
        ServiceRow.of("batch of queries, DoExchange", "QPS", wireQps)
            .against(beside, directQps)
            .withRecall(recall));
  }

  private double directQps(VectorIndex index, SearchOptions inProcess) {
    long start = System.nanoTime();
    long answered = 0;
    while (FlightCalls.seconds(start) < SECONDS_MIN) {
      for (VectorSchemaRoot batch : data.queryBatches()) {
        FixedSizeListVector queries = (FixedSizeListVector) batch.getVector("vector");
        index.search(queries, inProcess, data.allocator()).close();
        answered += batch.getRowCount();
      }
    }
    return answered / FlightCalls.seconds(start);
  }

  private double wireQps(SearchQuery query) throws IOException {
    long start = System.nanoTime();
    long answered = 0;
    while (FlightCalls.seconds(start) < SECONDS_MIN) {
      calls.exchange(query);
      answered += data.queries().length;
    }
    return answered / FlightCalls.seconds(start);
  }
}
