package io.arbalest.bench.ann;

import io.arbalest.bench.Home;
import io.arbalest.bench.ScratchDirectory;
import io.arbalest.bench.data.DataOptions;
import io.arbalest.bench.data.TruthFile;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.KernelSet;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.engine.Strategy;
import io.arbalest.server.cli.io.VectorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code arbalest bench ann}: recall against speed over ef, beside other libraries. */
@Command(
    name = "ann",
    sortOptions = false,
    description = {
      "Recall against queries per second over ef, build time and memory; with --peers beside"
          + " other libraries in one interleaved run.",
      "Without files: the WordNet embeddings, where ARBALEST_DATA or ../shared/data has them."
    },
    mixinStandardHelpOptions = true)
public final class AnnCommand implements Callable<Integer> {

  @Mixin private DataOptions data;

  @Mixin private PeerOptions peers;

  @Option(names = "--truth", description = "Exact neighbors of the queries: .ibin")
  private Path truth;

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Numbers of threads, to build and to search (default: 1,2)")
  private List<Integer> threads;

  @Option(
      names = "--build-threads",
      split = ",",
      description = {
        "Numbers of threads to build with; searches are of the index that the fewest built",
        "(default: those of --threads)"
      })
  private List<Integer> buildThreads;

  @Option(
      names = "--ef",
      split = ",",
      defaultValue = "10,16,24,32,48,64,96,128,192,256",
      description = "Breadths (default: ${DEFAULT-VALUE})")
  private List<Integer> efs;

  @Option(
      names = "--target-recall",
      split = ",",
      description = {
        "Recalls that Arbalest is asked for, beside the fixed breadth that reaches the same",
        "(default: none)"
      })
  private List<Double> targets = List.of();

  @Option(names = "--M", defaultValue = "16", description = "Links of a node (default: 16)")
  private int m;

  @Option(
      names = "--ef-construction",
      defaultValue = "200",
      description = "Breadth of the build (default: 200)")
  private int efConstruction;

  @Option(
      names = "--element",
      split = ",",
      defaultValue = "float16",
      description = "Arbalest's rows: float16, float32 or both (default: float16)")
  private List<String> elements;

  @Option(
      names = "--kernel-set",
      split = ",",
      description = {
        "Arbalest's kernel sets, each an entry (default: the one it picks).",
        "A set named here is run although the CPU may not report it."
      })
  private List<String> kernelSets = List.of();

  @Option(
      names = "--codes",
      split = ",",
      defaultValue = "sq8",
      description = "What Arbalest traverses: none, sq8 or both, each an entry (default: sq8)")
  private List<String> codes;

  @Option(
      names = "--layout",
      split = ",",
      defaultValue = "compact",
      description =
          "How Arbalest lays its graph out: compact, fused or both, each an entry"
              + " (default: compact)")
  private List<String> layouts;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = {
        "Keeps the peers' indexes there, and loads them where an earlier run built the same",
        "(default: every index is built)"
      })
  private Path keep;

  @Option(names = "--repeats", defaultValue = "5", description = "Turns a setting (default: 5)")
  private int repeats;

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      description = "At least as long a turn lasts (default: 0.5)")
  private double secondsMin;

  @Option(names = "--json", description = "Writes machine, parameters, rows and builds")
  private Path json;

  @Option(names = "--plot", description = "Writes recall against speed as SVG")
  private Path plot;

  @Option(names = "--markdown", description = "Writes the tables as Markdown")
  private Path markdown;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Map<String, Object> machine = MachineFacts.read();
    try (ScratchDirectory scratch = ScratchDirectory.in(Home.scratch(), "ann-");
        BufferAllocator allocator = new RootAllocator();
        VectorFile baseFile = VectorFile.open(data.base());
        VectorFile queryFile = VectorFile.open(data.queries())) {
      TruthFile answers = TruthFile.read(truth);
      checkShapes(baseFile, queryFile, answers);
      float[][] queryRows = queryFile.readFloats();
      List<Contender> contenders = new ArrayList<>();
      try {
        addArbalest(contenders, baseFile, queryRows, allocator);
        List<String> leftOut = new ArrayList<>(addPeers(contenders, baseFile, scratch.path()));
        Arena.Plan plan = new Arena.Plan(threads, buildThreads, efs, data.k(), repeats, secondsMin);
        Arena arena = new Arena(plan, answers, System.err::println);
        arena.run(contenders);
        arena.failed().forEach((name, reason) -> leftOut.add(name + ": " + reason));
        List<Contender> finished =
            contenders.stream().filter(one -> !arena.failed().containsKey(one.name())).toList();
        TargetRecall asked = new TargetRecall(plan, answers);
        for (Contender contender : finished) {
          if (contender instanceof ArbalestContender arbalest) {
            asked.run(arbalest, arena.rows(), targets);
          }
        }
        AnnReport report =
            new AnnReport(machine, parameters(baseFile), plan, arena, asked, finished, leftOut);
        report.print(System.out);
        report.write(json, plot, markdown);
        return 0;
      } finally {
        for (Contender contender : contenders) {
          contender.close();
        }
      }
    }
  }

  /** Returns the peers that cannot run, each with the reason. */
  private List<String> addPeers(List<Contender> contenders, VectorFile baseFile, Path scratch)
      throws InterruptedException {
    PeerProcess.PeerData files =
        new PeerProcess.PeerData(
            data.base().toAbsolutePath(),
            data.queries().toAbsolutePath(),
            data.metric(),
            m,
            efConstruction);
    KeptIndexes kept =
        keep == null ? null : new KeptIndexes(keep, files, baseFile.rows(), baseFile.dimension());
    Peers started = new Peers(scratch, files, kept, peers.java());
    contenders.addAll(started.start(Peers.expand(peers.named())));
    List<String> leftOut = new ArrayList<>();
    started.unavailable().forEach((peer, reason) -> leftOut.add(peer + ": " + reason));
    leftOut.forEach(peer -> System.err.println("left out: " + peer));
    return leftOut;
  }

  /** An entry for every combination of what was asked for. */
  private void addArbalest(
      List<Contender> contenders,
      VectorFile baseFile,
      float[][] queryRows,
      BufferAllocator allocator) {
    List<KernelSet> sets = new ArrayList<>();
    for (String name : kernelSets) {
      KernelSet named = KernelSet.named(name);
      sets.add(named.isSupported() ? named : named.trusted());
    }
    for (String element : elements) {
      for (String code : codes) {
        for (String layout : layouts) {
          for (KernelSet set : sets.isEmpty() ? List.of(KernelSet.best()) : sets) {
            String variant = String.join("-", element, code, layout);
            contenders.add(
                new ArbalestContender(
                    new ArbalestContender.Settings(
                        // With one set nobody asks which; with more it tells entries apart.
                        sets.size() < 2 ? variant : variant + "-" + set.name(),
                        Metric.fromWireName(data.metric()),
                        ElementType.fromWireName(element),
                        Codes.fromWireName(code),
                        Layout.fromWireName(layout),
                        set,
                        m,
                        efConstruction,
                        Strategy.GRAPH),
                    baseFile,
                    queryRows,
                    allocator));
          }
        }
      }
    }
  }

  private void check() {
    data.resolve();
    truth = truth == null ? data.wordnetTruth() : truth;
    if (truth == null) {
      throw data.wrong("--truth goes with --base and --queries");
    }
    try {
      Peers.expand(peers.named());
    } catch (IllegalArgumentException e) {
      throw data.wrong("--peers: " + e.getMessage());
    }
    buildThreads = buildThreads == null ? threads : buildThreads;
    if (targets.stream().anyMatch(target -> !(target > 0 && target < 1))) {
      throw data.wrong("--target-recall is above 0 and below 1");
    }
    if (repeats < 1
        || Stream.of(threads, buildThreads)
            .flatMap(List::stream)
            .anyMatch(count -> count < 1 || count > 256)) {
      throw data.wrong("--repeats is 1 or more, --threads and --build-threads are 1..256");
    }
  }

  private void checkShapes(VectorFile baseFile, VectorFile queryFile, TruthFile answers) {
    if (baseFile.dimension() != queryFile.dimension()) {
      throw data.wrong(
          "%s has dimension %d, %s has %d"
              .formatted(data.base(), baseFile.dimension(), data.queries(), queryFile.dimension()));
    }
    if (answers.queries() != queryFile.rows() || answers.k() < data.k()) {
      throw data.wrong(
          "%s holds %d neighbors of %d queries; needed: %d of %d"
              .formatted(truth, answers.k(), answers.queries(), data.k(), queryFile.rows()));
    }
  }

  private Map<String, Object> parameters(VectorFile baseFile) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("base", data.base().toString());
    parameters.put("rows", baseFile.rows());
    parameters.put("dim", baseFile.dimension());
    parameters.put("queries", data.queries().toString());
    parameters.put("truth", truth.toString());
    parameters.put("metric", data.metric());
    parameters.put("k", data.k());
    parameters.put("M", m);
    parameters.put("ef_construction", efConstruction);
    parameters.put("ef", efs);
    parameters.put("target_recall", targets);
    parameters.put("threads", threads);
    parameters.put("build_threads", buildThreads);
    parameters.put("repeats", repeats);
    parameters.put("seconds_min", secondsMin);
    return parameters;
  }
}
