package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.ShadowOptions;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * What a search of one query costs in the store: without the cache, missed by it and then
 * remembered, and answered from it.
 *
 * <p>The three take turns over all queries, so that each met the same machine. A write before each
 * turn of misses makes what was remembered useless, as writes do.
 */
final class CacheCalls {
  private static final int ROUNDS = 20;
  private static final int ROUNDS_TO_WARM_UP = 10;
  private static final int QUERIES_MAX = 1000;

  private final ServiceData data;
  private final int k;
  private final int ef;

  CacheCalls(ServiceData data, int k, int ef) {
    this.data = data;
    this.k = k;
    this.ef = ef;
  }

  List<ServiceRow> measure(double recall) throws IOException {
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-cache-");
        Store store = Store.open(StoreOptions.of(scratch.path()).withShadow(ShadowOptions.OFF))) {
      VectorSchemaRoot first = data.batches().get(0);
      Dataset dataset = store.create(DatasetSpec.fromArrow(ServiceData.DATASET, first.getSchema()));
      for (VectorSchemaRoot batch : data.batches()) {
        dataset.put(batch).join();
      }
      dataset.flush();
      dataset.freeze();
      return measure(dataset, recall);
    }
  }

  private List<ServiceRow> measure(Dataset dataset, double recall) {
    List<SearchRequest> requests = new ArrayList<>();
    int count = Math.min(QUERIES_MAX, data.queries().length);
    for (int i = 0; i < count; i++) {
      FixedSizeListVector query = VectorColumns.of(data.queries(), i, 1, data.allocator());
      requests.add(SearchRequest.of(query, k).with().ef(ef).build());
    }
    double[][] micros = new double[3][ROUNDS * count];
    try (BigIntVector nobody = VectorColumns.ids(Integer.MAX_VALUE, 1, data.allocator())) {
      for (int round = -ROUNDS_TO_WARM_UP; round < ROUNDS; round++) {
        dataset.delete(nobody).join();
        for (int turn = 0; turn < micros.length; turn++) {
          for (int i = 0; i < count; i++) {
            SearchRequest request = requests.get(i).with().cache(turn > 0).build();
            double taken = time(dataset, request, turn == 2);
            if (round >= 0) {
              micros[turn][round * count + i] = taken;
            }
          }
        }
      }
    } finally {
      requests.forEach(request -> request.queries().close());
    }
    for (double[] all : micros) {
      Arrays.sort(all);
    }
    String beside = "cache off";
    double off = FlightCalls.median(micros[0]);
    return List.of(
        row("cache off, median", micros[0], recall),
        row("missed and remembered, median", micros[1], recall).against(beside, off),
        row("from the cache, median", micros[2], recall).against(beside, off),
        ServiceRow.of("store, from the cache, 99th percentile", "us", FlightCalls.p99(micros[2]))
            .against(beside, FlightCalls.p99(micros[0]))
            .withRecall(recall));
  }

  private static ServiceRow row(String name, double[] sorted, double recall) {
    return ServiceRow.of("store, " + name, "us", FlightCalls.median(sorted)).withRecall(recall);
  }

  private double time(Dataset dataset, SearchRequest request, boolean hit) {
    long start = System.nanoTime();
    try (SearchAnswer answer = dataset.search(request, data.allocator())) {
      double micros = (System.nanoTime() - start) / 1e3;
      if (answer.cached() != hit) {
        throw new IllegalStateException(
            "cached: found " + answer.cached() + ", expected " + hit + " of the bench's calls");
      }
      return micros;
    }
  }
}
