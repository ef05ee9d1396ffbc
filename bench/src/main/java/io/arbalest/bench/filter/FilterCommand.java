package io.arbalest.bench.filter;

import io.arbalest.bench.Home;
import io.arbalest.bench.ScratchDirectory;
import io.arbalest.bench.ann.KeptIndexes;
import io.arbalest.bench.ann.PeerIndexOptions;
import io.arbalest.bench.ann.PeerOptions;
import io.arbalest.bench.ann.PeerProcess;
import io.arbalest.bench.ann.Peers;
import io.arbalest.bench.data.DataOptions;
import io.arbalest.engine.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code arbalest bench filter}: recall and latency of filtered searches through the store, in
 * process, beside the search without a filter.
 */
@Command(
    name = "filter",
    sortOptions = false,
    description = {
      "Recall and latency of filtered searches, by selectivity and by how the filter stands to the"
          + " query, beside the unfiltered search at recall 0.95.",
      "Without files: the WordNet embeddings, where ARBALEST_DATA or ../shared/data has them."
    },
    mixinStandardHelpOptions = true)
public final class FilterCommand implements Callable<Integer> {
  @Mixin private DataOptions data;

  @Mixin private PeerOptions peerOptions;

  @Mixin private PeerIndexOptions indexes;

  @Option(
      names = "--peer-seconds",
      defaultValue = "10",
      description =
          "No breadth of a peer is tried under a filter after so long (default: ${DEFAULT-VALUE})")
  private double peerSeconds;

  @Option(names = "--rows", defaultValue = "0", description = "Rows of the base (default: all)")
  private int rows;

  @Option(
      names = "--query-count",
      defaultValue = "200",
      description = "Queries to ask (default: ${DEFAULT-VALUE})")
  private int queryCount;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Turns of each filter (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--target-recall",
      description = "What filtered searches ask for (default: nothing, as most requests do)")
  private Double targetRecall;

  @Option(
      names = "--element",
      defaultValue = "float16",
      description = "Rows of the dataset: float16 or float32 (default: ${DEFAULT-VALUE})")
  private String element;

  @Option(
      names = "--only",
      description = "Only filters whose text or kind contains this (default: all)")
  private String only;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Keeps the dataset there, and opens it where an earlier run has filled it")
  private Path keep;

  @Option(
      names = "--no-subsets",
      description = "Without indexes of their own for filters that are used much")
  private boolean noSubsets;

  @Option(
      names = "--calibrate",
      description = "Measures what the planner's constants are made from, on rows of its own")
  private boolean calibrate;

  @Option(names = "--json", description = "Writes machine, parameters and rows")
  private Path json;

  @Option(names = "--markdown", description = "Writes the table as Markdown")
  private Path markdown;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (calibrate) {
      try (BufferAllocator allocator = new RootAllocator()) {
        new Calibration(System.out, allocator).run();
      }
      return 0;
    }
    data.resolve();
    if (rows < 0 || queryCount < 1 || rounds < 1) {
      throw data.wrong("--rows is 0 or more, --query-count and --rounds are 1 or more");
    }
    checkPeers();
    FilterSet set = new FilterSet(data, rows, queryCount);
    if (keep != null) {
      run(set, Files.createDirectories(keep), true);
    } else {
      try (ScratchDirectory scratch = ScratchDirectory.in(Home.scratch(), "filter-")) {
        run(set, scratch.path(), false);
      }
    }
    return 0;
  }

  private void checkPeers() {
    try {
      Peers.expandAll(peerOptions.named());
    } catch (IllegalArgumentException e) {
      throw data.wrong("--peers: " + e.getMessage());
    }
    if (rows != 0 && !peerOptions.named().isEmpty()) {
      throw data.wrong("--rows goes without --peers, which read the base whole");
    }
    indexes.check(data);
  }

  private void run(FilterSet set, Path directory, boolean kept)
      throws IOException, InterruptedException {
    List<FilterCell> cells = new ArrayList<>();
    cells.add(FilterCells.unfiltered(set));
    FilterCells.of(set).stream()
        .filter(cell -> only == null || (cell.name() + " " + cell.kind()).contains(only))
        .forEach(cells::add);
    System.err.println("brute force over the rows of each of " + cells.size() + " filters ...");
    FilterTruth truth = new FilterTruth(set, cells, data.k());
    System.err.println("rows into the graph, or out of " + directory + " ...");
    try (ScratchDirectory scratch = ScratchDirectory.in(Home.scratch(), "filter-peers-");
        FilterPeers peers = new FilterPeers(cells, truth, set.rows(), peerSeconds);
        FilterDataset dataset =
            new FilterDataset(directory, set, ElementType.fromWireName(element), kept, !noSubsets);
        FilterRun run = new FilterRun(dataset, set, cells, truth)) {
      addPeers(peers, set, scratch.path());
      int ef = run.unfilteredEf();
      FilterReport report = new FilterReport(parameters(set, ef), peers);
      run.measure(ef, targetRecall, rounds, peers, report::add);
      report.print(System.out);
      report.write(json, markdown);
    }
  }

  private void addPeers(FilterPeers peers, FilterSet set, Path scratch)
      throws IOException, InterruptedException {
    PeerProcess.PeerData files = indexes.files(data, data.queries());
    KeptIndexes kept = indexes.kept(files, set.rows(), set.dimension());
    Peers started = new Peers(scratch, files, kept, peerOptions.java());
    for (PeerProcess peer : started.start(Peers.expandAll(peerOptions.named()))) {
      peers.add(peer, indexes.threads());
    }
    started.unavailable().forEach(peers::leaveOut);
  }

  private Map<String, Object> parameters(FilterSet set, int ef) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("base", data.base().toString());
    parameters.put("rows", set.rows());
    parameters.put("dimension", set.dimension());
    parameters.put("element", element);
    parameters.put("metric", data.metric());
    parameters.put("queries", set.queries().length);
    parameters.put("k", data.k());
    parameters.put("rounds", rounds);
    parameters.put("unfiltered_ef", ef);
    parameters.put("subsets", !noSubsets);
    parameters.put("peers", peerOptions.named());
    return parameters;
  }
}
