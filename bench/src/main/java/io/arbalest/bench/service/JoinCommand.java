package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.join.Dedup;
import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoin;
import io.arbalest.store.join.KnnJoinRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code arbalest bench join}: joins of a store's rows, exactly and by the graph, in turns. */
@Command(
    name = "join",
    sortOptions = false,
    description = {
      "Joins some rows with their nearest of all rows, and looks for near pairs, in process:",
      "exactly by tiles and by the graph, in turns."
    },
    mixinStandardHelpOptions = true)
public final class JoinCommand implements Callable<Integer> {
  private static final String LEFT = "left";

  @Mixin private ServiceOptions options;

  @Option(
      names = "--left-rows",
      defaultValue = "1000",
      description =
          "Rows to join with all, and to look for pairs among (default: ${DEFAULT-VALUE})")
  private int leftRows;

  @Option(
      names = "--efs",
      split = ",",
      defaultValue = "16,32,64,128",
      description = "Breadths of the graph (default: ${DEFAULT-VALUE})")
  private List<Integer> efs;

  @Option(
      names = "--distances",
      split = ",",
      defaultValue = "0.01,0.1,0.2",
      description = "Distances of near pairs (default: ${DEFAULT-VALUE})")
  private List<Float> distances;

  @Option(names = "--repeats", defaultValue = "3", description = "Turns (default: 3)")
  private int repeats;

  private ServiceData data;
  private ServiceReport report;

  @Override
  public Integer call() throws IOException {
    options.check();
    if (leftRows < 1 || leftRows > options.batch) {
      throw options.data.wrong("--left-rows is 1 to --batch, as one put brings them");
    }
    try (ServiceData opened =
            new ServiceData(options.data, options.rows, options.batch, options.batch);
        ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-join-");
        Store store = Store.open(StoreOptions.of(scratch.path()))) {
      data = opened;
      report = new ServiceReport(options.parameters(data));
      Dataset all = fill(store, ServiceData.DATASET, data.batches());
      try (VectorSchemaRoot some = data.batches().get(0).slice(0, leftRows)) {
        Dataset left = fill(store, LEFT, List.of(some));
        measureJoins(left, all);
        measurePairs(left);
      }
      report.print(System.out);
      report.write(options.json, options.markdown);
    }
    return 0;
  }

  private static Dataset fill(Store store, String name, List<VectorSchemaRoot> batches) {
    Dataset dataset = store.create(DatasetSpec.fromArrow(name, batches.get(0).getSchema()));
    batches.forEach(batch -> dataset.put(batch).join());
    dataset.flush();
    dataset.freeze();
    return dataset;
  }

  /** A way to join: exactly where {@code ef} is null. */
  private KnnJoinRequest request(Integer ef) {
    return new KnnJoinRequest(
        options.data.k(), null, null, ef == null, ef, null, null, List.of(), null);
  }

  private void measureJoins(Dataset left, Dataset all) {
    List<Integer> ways = new ArrayList<>(efs);
    ways.add(0, null);
    Map<Integer, double[]> seconds = new HashMap<>();
    Map<Integer, Set<Long>> found = new HashMap<>();
    for (int repeat = 0; repeat < repeats; repeat++) {
      for (Integer ef : ways) {
        long start = System.nanoTime();
        found.put(ef, join(left, all, request(ef)));
        seconds.computeIfAbsent(ef, way -> new double[repeats])[repeat] =
            FlightCalls.seconds(start);
      }
    }
    double exact = FlightCalls.median(seconds.get(null));
    for (Integer ef : ways) {
      double own = FlightCalls.median(seconds.get(ef));
      Set<Long> right = new HashSet<>(found.get(ef));
      right.retainAll(found.get(null));
      report.add(
          ServiceRow.of(
                  "knn-join, " + (ef == null ? "exact" : "ef " + ef), "rows/s", leftRows / own)
              .against("exact", leftRows / exact)
              .withRecall((double) right.size() / found.get(null).size()));
    }
  }

  /** The pairs of a join: left row times the number of all rows, plus right row. */
  private Set<Long> join(Dataset left, Dataset all, KnnJoinRequest request) {
    Set<Long> pairs = new HashSet<>();
    try (KnnJoin join = left.knnJoin(all, request, data.allocator())) {
      while (join.next()) {
        take(join.root(), pairs);
      }
    }
    return pairs;
  }

  private void take(VectorSchemaRoot root, Set<Long> pairs) {
    BigIntVector a = (BigIntVector) root.getVector(0);
    BigIntVector b = (BigIntVector) root.getVector(1);
    for (int i = 0; i < root.getRowCount(); i++) {
      pairs.add(a.get(i) * data.rows() + b.get(i));
    }
  }

  private void measurePairs(Dataset left) {
    for (float distance : distances) {
      Set<Long> exact = new HashSet<>();
      for (boolean exactly : new boolean[] {true, false}) {
        Set<Long> pairs = new HashSet<>();
        long start = System.nanoTime();
        DedupRequest request = new DedupRequest(distance, null, exactly, Long.MAX_VALUE, null);
        try (Dedup dedup = left.dedup(request, data.allocator())) {
          while (dedup.next()) {
            take(dedup.root(), pairs);
          }
        }
        double rate = leftRows / FlightCalls.seconds(start);
        exact = exactly ? pairs : exact;
        pairs.retainAll(exact);
        String name =
            "dedup within %s, %s: %d pairs"
                .formatted(distance, exactly ? "exact" : "by the graph", pairs.size());
        report.add(
            ServiceRow.of(name, "rows/s", rate)
                .withRecall(exact.isEmpty() ? 1 : (double) pairs.size() / exact.size()));
      }
    }
  }
}
