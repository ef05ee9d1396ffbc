package io.arbalest.bench.service;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.bench.ann.Contender;
import io.arbalest.bench.ann.PeerIndexOptions;
import io.arbalest.bench.ann.PeerOptions;
import io.arbalest.bench.ann.PeerProcess;
import io.arbalest.bench.ann.Peers;
import io.arbalest.bench.report.Median;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.join.Dedup;
import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoin;
import io.arbalest.store.join.KnnJoinRequest;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import it.unimi.dsi.fastutil.longs.LongCollection;
import it.unimi.dsi.fastutil.longs.LongList;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import it.unimi.dsi.fastutil.longs.LongSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code arbalest bench join}: joins of a store's rows, exactly and by the graph, in turns. */
@Command(
    name = "join",
    sortOptions = false,
    description = {
      "Joins some rows with their nearest of all rows, and looks for near pairs, in process:",
      "exactly by tiles and by the graph, in turns; with --peers beside other libraries that",
      "search all rows with the same rows as one batch of queries."
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

  @Option(names = "--threads", description = "Threads of the joins (default: all cores)")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--joins-only", description = "Looks for no near pairs")
  private boolean joinsOnly;

  @Mixin private PeerOptions peerOptions;

  @Mixin private PeerIndexOptions indexes;

  private ServiceData data;
  private ServiceReport report;

  /** A way to join, and what its turns brought. */
  private static final class Way {
    private final String name;
    private final Turn turn;
    private final double[] seconds;
    private LongSet pairs;

    Way(String name, int repeats, Turn turn) {
      this.name = name;
      this.turn = turn;
      seconds = new double[repeats];
    }
  }

  /** Joins once and fills in the pairs of a way; returns the seconds it took. */
  @FunctionalInterface
  private interface Turn {
    double take(Way way) throws IOException;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    try (ServiceData opened =
            new ServiceData(options.data, options.rows, options.batch, options.batch);
        ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-bench-join-");
        Store store = Store.open(StoreOptions.of(scratch.path().resolve("store")));
        JoinPeers peers = peers(scratch.path())) {
      data = opened;
      leftRows = Math.min(leftRows, data.rows());
      Map<String, Object> parameters = options.parameters(data);
      parameters.put("left_rows", leftRows);
      parameters.put("threads", threads);
      peers.running().forEach(peer -> parameters.put(peer.name(), peer.about()));
      report = new ServiceReport(parameters);
      peers.leftOut().forEach((peer, reason) -> report.notRun(peer, reason));
      Dataset all = fill(store, ServiceData.DATASET, data.batches());
      List<VectorSchemaRoot> some = leftBatches();
      try {
        Dataset left = fill(store, LEFT, some);
        measureJoins(left, all, peers);
        if (!joinsOnly) {
          measurePairs(left);
        }
      } finally {
        some.forEach(VectorSchemaRoot::close);
      }
      report.print(System.out);
      report.write(options.json, options.markdown);
    }
    return 0;
  }

  private void check() {
    options.check();
    indexes.check(options.data);
    if (leftRows < 1 || repeats < 1 || threads < 1) {
      throw options.data.wrong("--left-rows, --repeats and --threads are 1 or more");
    }
    if (options.rows != 0 && !peerOptions.named().isEmpty()) {
      throw options.data.wrong("--rows goes without --peers, which read the base whole");
    }
    try {
      Peers.expandAll(peerOptions.named());
    } catch (IllegalArgumentException e) {
      throw options.data.wrong("--peers: " + e.getMessage());
    }
  }

  private JoinPeers peers(Path scratch) throws IOException, InterruptedException {
    return new JoinPeers(peerOptions, indexes, options.data, leftRows, scratch);
  }

  private List<VectorSchemaRoot> leftBatches() {
    List<VectorSchemaRoot> some = new ArrayList<>();
    int left = leftRows;
    for (int i = 0; left > 0; i++) {
      VectorSchemaRoot batch = data.batches().get(i);
      some.add(batch.slice(0, Math.min(left, batch.getRowCount())));
      left -= batch.getRowCount();
    }
    return some;
  }

  private Dataset fill(Store store, String name, List<VectorSchemaRoot> batches) {
    // The schema of the data: a slice's lacks what it says of the metric.
    Schema schema = data.batches().get(0).getSchema();
    Dataset dataset = store.create(DatasetSpec.fromArrow(name, schema));
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

  /** Every way in turns; the exact join comes first, and is what recall is beside. */
  private void measureJoins(Dataset left, Dataset all, JoinPeers peers) throws IOException {
    // A join's slices run in the pool that it is called from.
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      List<Way> ways = new ArrayList<>();
      ways.add(ours("knn-join, exact", left, all, null, pool));
      efs.forEach(ef -> ways.add(ours("knn-join, ef " + ef, left, all, ef, pool)));
      for (PeerProcess peer : peers.running()) {
        if (peer.variant().startsWith("flat")) {
          ways.add(theirs(peer.name(), peer, options.data.k()));
        } else {
          efs.forEach(ef -> ways.add(theirs(peer.name() + ", ef " + ef, peer, ef)));
        }
      }
      for (int repeat = 0; repeat < repeats; repeat++) {
        for (Way way : ways) {
          way.seconds[repeat] = way.turn.take(way);
        }
      }
      report(ways);
    } finally {
      pool.shutdown();
    }
  }

  private void report(List<Way> ways) {
    Way exact = ways.get(0);
    double exactSeconds = Median.of(exact.seconds);
    for (Way way : ways) {
      LongSet right = new LongOpenHashSet(way.pairs);
      right.retainAll(exact.pairs);
      report.add(
          ServiceRow.of(way.name, "rows/s", leftRows / Median.of(way.seconds))
              .against("exact", leftRows / exactSeconds)
              .withRecall((double) right.size() / exact.pairs.size()));
    }
  }

  private Way ours(String name, Dataset left, Dataset all, Integer ef, ForkJoinPool pool) {
    return new Way(
        name,
        repeats,
        way -> {
          long start = System.nanoTime();
          LongList pairs = pool.submit(() -> join(left, all, request(ef))).join();
          double seconds = FlightCalls.seconds(start);
          way.pairs = new LongOpenHashSet(pairs);
          return seconds;
        });
  }

  private Way theirs(String name, PeerProcess peer, int ef) {
    return new Way(
        name,
        repeats,
        way -> {
          Contender.Run run = peer.search(ef, options.data.k(), threads, 0);
          way.pairs = JoinPeers.pairs(run.answers(), data.rows());
          return leftRows / run.qps();
        });
  }

  /** The pairs of a join: left row times the number of all rows, plus right row. */
  private LongList join(Dataset left, Dataset all, KnnJoinRequest request) {
    LongList pairs = new LongArrayList(leftRows * options.data.k());
    try (KnnJoin join = left.knnJoin(all, request, data.allocator())) {
      while (join.next()) {
        take(join.root(), pairs);
      }
    }
    return pairs;
  }

  private void take(VectorSchemaRoot root, LongCollection pairs) {
    BigIntVector a = (BigIntVector) root.getVector(0);
    BigIntVector b = (BigIntVector) root.getVector(1);
    for (int i = 0; i < root.getRowCount(); i++) {
      pairs.add(a.get(i) * data.rows() + b.get(i));
    }
  }

  private void measurePairs(Dataset left) {
    for (float distance : distances) {
      LongSet exact = new LongOpenHashSet();
      for (boolean exactly : new boolean[] {true, false}) {
        LongSet pairs = new LongOpenHashSet();
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
