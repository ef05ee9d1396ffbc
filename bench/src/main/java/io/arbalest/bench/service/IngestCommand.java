package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.ServerOptions;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.SyncMode;
import io.arbalest.store.WriteReceipt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.vector.VectorSchemaRoot;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code arbalest bench ingest}: rows from memory to durable, to indexed, and back after a restart:
 * through the engine alone, the store, and Flight.
 */
@Command(
    name = "ingest",
    sortOptions = false,
    description = "Rows a second, durable and in the graph; the cost of fsync; a restart.",
    mixinStandardHelpOptions = true)
public final class IngestCommand implements Callable<Integer> {

  private static final int QUERY_ROWS = 100;

  /** Puts under way at a time; the client's default. */
  private static final int WINDOW = 16;

  /** Batches, one after the other, that an acknowledgement's latency is taken from. */
  private static final int SYNC_PUTS = 200;

  @Mixin private ServiceOptions options;

  private ServiceData data;
  private ServiceReport report;
  private int threads;

  @Override
  public Integer call() throws IOException, InterruptedException {
    options.check();
    threads = Math.min(2, Runtime.getRuntime().availableProcessors());
    try (ServiceData opened =
        new ServiceData(options.data, options.rows, options.batch, QUERY_ROWS)) {
      data = opened;
      report = new ServiceReport(options.parameters(data));
      engine();
      store();
      flightAndRestart();
      sync();
      report.print(System.out);
      report.write(options.json, options.markdown);
    }
    return 0;
  }

  private void engine() throws InterruptedException {
    long start = System.nanoTime();
    data.buildIndex(threads).close();
    report.add(
        ServiceRow.of(
            "engine, in the graph, " + threads + " threads",
            "rows/s",
            data.rows() / FlightCalls.seconds(start)));
  }

  private void store() throws IOException {
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-ingest-");
        Store store = Store.open(StoreOptions.of(scratch.path()).withIndexThreads(threads))) {
      Dataset dataset = create(store);
      long start = System.nanoTime();
      Deque<CompletableFuture<WriteReceipt>> underWay = new ArrayDeque<>();
      for (VectorSchemaRoot batch : data.batches()) {
        if (underWay.size() == WINDOW) {
          underWay.remove().join();
        }
        underWay.add(dataset.put(batch));
      }
      underWay.forEach(CompletableFuture::join);
      report.add(
          ServiceRow.of("store, durable", "rows/s", data.rows() / FlightCalls.seconds(start)));
      dataset.flush();
      report.add(
          ServiceRow.of("store, in the graph", "rows/s", data.rows() / FlightCalls.seconds(start))
              .against("engine", report.value("engine, in the graph, " + threads + " threads")));
    }
  }

  private Dataset create(Store store) {
    return store.create(
        DatasetSpec.fromArrow(ServiceData.DATASET, data.batches().get(0).getSchema()));
  }

  private void flightAndRestart() throws IOException {
    int k = options.data.k();
    SearchQuery query = SearchQuery.of(ServiceData.DATASET).k(k).ef(options.ef).vectorsAs("none");
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-ingest-")) {
      ServerOptions server = ServerOptions.of(scratch.path()).withPorts(0, ServerOptions.NO_HTTP);
      server = server.withStore(server.store().withIndexThreads(threads));
      List<Long> before;
      try (ArbalestServer running = ArbalestServer.start(server);
          ArbalestClient client = ArbalestClient.connect(running.uri())) {
        FlightCalls calls = new FlightCalls(client, data);
        long start = System.nanoTime();
        double durable = calls.put();
        client.flush(ServiceData.DATASET);
        double indexed = FlightCalls.seconds(start);
        report.add(
            ServiceRow.of("Flight, durable", "rows/s", data.rows() / durable)
                .against("store", report.value("store, durable")));
        before = calls.exchange(query);
        double recall = FlightCalls.recall(before, calls.exchange(query.exact(true)), k);
        report.add(
            ServiceRow.of("Flight, in the graph", "rows/s", data.rows() / indexed)
                .against("store", report.value("store, in the graph"))
                .withRecall(recall));
        start = System.nanoTime();
        client.snapshot(ServiceData.DATASET);
        report.add(ServiceRow.of("snapshot", "s", FlightCalls.seconds(start)));
      }
      restart(server, query, before);
    }
  }

  private void restart(ServerOptions server, SearchQuery query, List<Long> before)
      throws IOException {
    long start = System.nanoTime();
    try (ArbalestServer running = ArbalestServer.start(server);
        ArbalestClient client = ArbalestClient.connect(running.uri())) {
      FlightCalls calls = new FlightCalls(client, data);
      calls.get(query.vector(data.queries()[0]));
      report.add(ServiceRow.of("restart to the first answer", "s", FlightCalls.seconds(start)));
      List<Long> after = calls.exchange(query);
      if (!after.equals(before)) {
        throw new IOException("the restarted server answers the same queries with other ids");
      }
    }
  }

  /**
   * What durability costs: acknowledgements one at a time, with and without waiting for the disk.
   */
  private void sync() throws IOException {
    double interval = acknowledgementMicros(SyncMode.interval(1000));
    double always = acknowledgementMicros(SyncMode.ALWAYS);
    String put = "put of %d rows, one at a time, ".formatted(options.batch);
    report.add(ServiceRow.of(put + "interval sync, median", "us", interval));
    report.add(
        ServiceRow.of(put + "synced, median", "us", always).against("interval sync", interval));
    report.add(
        ServiceRow.of(
            "the disk alone: append as many bytes and fdatasync, median", "us", diskMicros()));
  }

  private double acknowledgementMicros(SyncMode mode) throws IOException {
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-ingest-");
        Store store =
            Store.open(StoreOptions.of(scratch.path()).withIndexThreads(threads).withSync(mode))) {
      Dataset dataset = create(store);
      int puts = Math.min(SYNC_PUTS, data.batches().size());
      double[] micros = new double[puts];
      for (int i = 0; i < puts; i++) {
        long start = System.nanoTime();
        dataset.put(data.batches().get(i)).join();
        micros[i] = (System.nanoTime() - start) / 1e3;
      }
      Arrays.sort(micros);
      return FlightCalls.median(micros);
    }
  }

  private double diskMicros() throws IOException {
    long bytes = data.vectorBytes() / data.batches().size();
    ByteBuffer buffer = ByteBuffer.allocateDirect(Math.toIntExact(bytes));
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-ingest-")) {
      Path file = scratch.path().resolve("append");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        double[] micros = new double[SYNC_PUTS];
        for (int i = 0; i < micros.length; i++) {
          buffer.clear();
          long start = System.nanoTime();
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
          channel.force(false);
          micros[i] = (System.nanoTime() - start) / 1e3;
        }
        Arrays.sort(micros);
        return FlightCalls.median(micros);
      }
    }
  }
}
