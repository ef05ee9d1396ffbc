package io.arbalest.bench.ann;

import io.arbalest.bench.Home;
import io.arbalest.bench.ScratchDirectory;
import io.arbalest.bench.data.DataOptions;
import io.arbalest.bench.data.Recall;
import io.arbalest.bench.data.TruthFile;
import io.arbalest.bench.report.JsonReport;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.bench.report.Median;
import io.arbalest.bench.report.Table;
import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.KernelSet;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.engine.Strategy;
import io.arbalest.server.cli.io.VectorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code arbalest bench exact}: exact search of all queries as one batch on one thread, beside
 * Faiss's flat index. Turns are taken as in {@code bench ann}; ratios are of one repeat.
 */
@Command(
    name = "exact",
    sortOptions = false,
    description = {
      "Exact search of a batch of queries on one thread, beside Faiss's flat index in one"
          + " interleaved run.",
      "Without files: the WordNet embeddings, where ARBALEST_DATA or ../shared/data has them."
    },
    mixinStandardHelpOptions = true)
public final class ExactCommand implements Callable<Integer> {

  private static final int THREADS = 1;

  @Mixin private DataOptions data;

  @Option(names = "--truth", description = "Exact neighbors of the queries: .ibin")
  private Path truth;

  @Option(
      names = "--element",
      split = ",",
      defaultValue = "float16",
      description = "Arbalest's rows: float16, float32 or both (default: float16)")
  private List<String> elements;

  @Option(
      names = "--kernel-set",
      split = ",",
      description = "Arbalest's kernel sets, each an entry (default: the one it picks)")
  private List<String> kernelSets = List.of();

  @Option(
      names = "--peers",
      split = ",",
      description = {
        "faiss/flat, and faiss/flat-skylakex, whose BLAS is told to use AVX-512 where it does not"
            + " know the CPU (default: none)"
      })
  private List<String> peers = List.of();

  @Option(names = "--repeats", defaultValue = "5", description = "Turns (default: 5)")
  private int repeats;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      description = "At least as long a turn lasts (default: 1)")
  private double secondsMin;

  @Option(names = "--json", description = "Writes machine, parameters and rows")
  private Path json;

  @Option(names = "--markdown", description = "Writes the table as Markdown")
  private Path markdown;

  private final List<String> leftOut = new ArrayList<>();

  /**
   * A contender; medians of the repeats, with their range.
   *
   * @param qps queries per second of the batch on one thread
   * @param p50Us of single queries, microseconds
   * @param arbalestIs how many times the first contender's rate is of this one's, within a repeat
   */
  record ExactRow(
      String system,
      String variant,
      double recall,
      double qps,
      double qpsMin,
      double qpsMax,
      double p50Us,
      double arbalestIs,
      double arbalestIsMin,
      double arbalestIsMax) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Map<String, Object> machine = MachineFacts.read();
    try (ScratchDirectory scratch = ScratchDirectory.in(Home.scratch(), "exact-");
        BufferAllocator allocator = new RootAllocator();
        VectorFile base = VectorFile.open(data.base());
        VectorFile queries = VectorFile.open(data.queries())) {
      TruthFile answers = TruthFile.read(truth);
      List<Contender> contenders = new ArrayList<>();
      try {
        addArbalest(contenders, base, queries.readFloats(), allocator);
        Peers started = new Peers(scratch.path(), files(), null, null);
        contenders.addAll(started.start(peers));
        started.unavailable().forEach((peer, reason) -> leftOut.add(peer + ": " + reason));
        report(machine, base, measure(contenders, answers));
        return 0;
      } finally {
        for (Contender contender : contenders) {
          contender.close();
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
    for (String peer : peers) {
      if (!Peers.EXACT.contains(peer)) {
        throw data.wrong("--peers: " + peer + "; allowed: " + Peers.EXACT);
      }
    }
    if (repeats < 1) {
      throw data.wrong("--repeats: " + repeats + "; allowed: 1 or more");
    }
  }

  private PeerProcess.PeerData files() {
    return new PeerProcess.PeerData(
        data.base().toAbsolutePath(), data.queries().toAbsolutePath(), data.metric(), 0, 0);
  }

  private void addArbalest(
      List<Contender> contenders, VectorFile base, float[][] queries, BufferAllocator allocator) {
    List<KernelSet> sets =
        kernelSets.isEmpty()
            ? List.of(KernelSet.best())
            : kernelSets.stream().map(KernelSet::named).toList();
    for (String element : elements) {
      for (KernelSet set : sets) {
        ArbalestContender.Settings settings =
            new ArbalestContender.Settings(
                element + "-" + set.name(),
                Metric.fromWireName(data.metric()),
                ElementType.fromWireName(element),
                Codes.NONE,
                Layout.COMPACT,
                set,
                16,
                200,
                Strategy.EXACT);
        contenders.add(new ArbalestContender(settings, base, queries, allocator));
      }
    }
  }

  private List<ExactRow> measure(List<Contender> contenders, TruthFile answers)
      throws IOException, InterruptedException {
    Map<Contender, List<Contender.Run>> runs = new LinkedHashMap<>();
    for (Contender contender : contenders) {
      contender.build(THREADS);
      runs.put(contender, new ArrayList<>());
    }
    List<Contender> turns = new ArrayList<>(contenders);
    for (int repeat = 0; repeat < repeats; repeat++) {
      Collections.rotate(turns, -1);
      for (Contender contender : turns) {
        runs.get(contender).add(contender.search(data.k(), data.k(), THREADS, secondsMin));
      }
      System.err.printf("%d of %d repeats%n", repeat + 1, repeats);
    }
    List<ExactRow> rows = new ArrayList<>();
    List<Contender.Run> first = runs.get(contenders.get(0));
    runs.forEach((contender, own) -> rows.add(row(contender, own, first, answers)));
    return rows;
  }

  private ExactRow row(
      Contender contender, List<Contender.Run> runs, List<Contender.Run> first, TruthFile answers) {
    double[] qps = runs.stream().mapToDouble(Contender.Run::qps).sorted().toArray();
    double[] p50 = runs.stream().mapToDouble(Contender.Run::p50Us).sorted().toArray();
    double[] ratios = new double[runs.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = first.get(i).qps() / runs.get(i).qps();
    }
    Arrays.sort(ratios);
    double recall =
        runs.stream()
            .mapToDouble(run -> Recall.at(data.k(), run.answers(), answers))
            .min()
            .orElseThrow();
    return new ExactRow(
        contender.system(),
        contender.variant(),
        recall,
        Median.of(qps),
        qps[0],
        qps[qps.length - 1],
        Median.of(p50),
        Median.of(ratios),
        ratios[0],
        ratios[ratios.length - 1]);
  }

  private void report(Map<String, Object> machine, VectorFile base, List<ExactRow> rows)
      throws IOException {
    Table table =
        new Table(List.of("contender", "recall", "batch QPS", "us a query", "it is", "single us"));
    for (ExactRow row : rows) {
      table.add(
          List.of(
              row.system() + "/" + row.variant(),
              format("%.4f", row.recall()),
              format("%.0f (%.0f..%.0f)", row.qps(), row.qpsMin(), row.qpsMax()),
              format("%.1f", 1e6 / row.qps()),
              format(
                  "%.2f (%.2f..%.2f) x",
                  row.arbalestIs(), row.arbalestIsMin(), row.arbalestIsMax()),
              format("%.0f", row.p50Us())));
    }
    System.out.println(table.text());
    System.out.println("it is: how many times the first contender's rate is of this one's");
    leftOut.forEach(peer -> System.out.println("left out: " + peer));
    if (markdown != null) {
      Files.writeString(markdown, table.markdown());
    }
    if (json != null) {
      JsonReport.write(json, machine, parameters(base), rows, List.of());
    }
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  private Map<String, Object> parameters(VectorFile base) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("base", data.base().toString());
    parameters.put("rows", base.rows());
    parameters.put("dim", base.dimension());
    parameters.put("queries", data.queries().toString());
    parameters.put("truth", truth.toString());
    parameters.put("metric", data.metric());
    parameters.put("k", data.k());
    parameters.put("threads", THREADS);
    parameters.put("repeats", repeats);
    parameters.put("seconds_min", secondsMin);
    parameters.put("left_out", leftOut);
    return parameters;
  }
}
