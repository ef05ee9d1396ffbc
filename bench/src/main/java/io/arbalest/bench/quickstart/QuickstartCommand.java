package io.arbalest.bench.quickstart;

import io.arbalest.bench.ScratchDirectory;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PutAck;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.ServerOptions;
import io.arbalest.server.cli.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code arbalest quickstart}: real text from embedding to answer, in one process. */
@Command(
    name = "quickstart",
    description = {
      "Embeds WordNet's glosses, puts them over Flight into a server in this process, and searches"
          + " them. Needs no network once the libraries are there; leaves nothing behind."
    },
    mixinStandardHelpOptions = true)
public final class QuickstartCommand implements Callable<Integer> {

  /** Embedding costs about 5 ms a gloss and core: so many take about a minute on two. */
  static final String ROWS_DEFAULT = "5000";

  private static final int ROWS_MAX = 117_000;
  private static final int K = 10;
  private static final int SHOWN = 5;

  /** Glosses kept out of the dataset to ask with: a row that is in it would find itself. */
  private static final int HELD_OUT = 200;

  private static final List<String> QUERIES =
      List.of(
          "a machine that flies through the air",
          "being very happy",
          "someone who treats sick people",
          "to walk slowly without hurry");

  private static final int TEXT_COLUMNS = 88;

  @Spec private CommandSpec spec;

  @Option(names = "--query", description = "A text of your own to search for")
  private String query;

  @Option(
      names = "--rows",
      defaultValue = ROWS_DEFAULT,
      description = "Glosses to embed, the most used first (default: ${DEFAULT-VALUE})")
  private int rows;

  private PrintWriter out;

  @Override
  public Integer call() throws IOException {
    if (rows < K || rows > ROWS_MAX) {
      throw new ParameterException(
          spec.commandLine(), "--rows: " + rows + "; allowed: " + K + ".." + ROWS_MAX);
    }
    out = spec.commandLine().getOut();
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-quickstart-")) {
      run(scratch);
    }
    out.flush();
    return 0;
  }

  private void run(ScratchDirectory scratch) throws IOException {
    List<Synset> all = WordNet.byUse();
    List<Synset> synsets = all.subList(0, rows);
    List<Synset> heldOut = all.subList(rows, rows + HELD_OUT);
    say(
        "WordNet 3.1: %,d glosses; embedding the %,d most used in its tagged texts",
        all.size(), rows);
    float[][] vectors;
    float[][] heldOutVectors;
    List<String> questions = new ArrayList<>(QUERIES);
    if (query != null) {
      questions.add(0, query);
    }
    float[][] questionVectors;
    try (GlossEmbedder embedder = new GlossEmbedder(scratch.path())) {
      long start = System.nanoTime();
      vectors = embed(embedder, "embedding", texts(synsets));
      double seconds = seconds(start);
      say(
          "embedded by all-MiniLM-L6-v2 (%d-d) on %d threads: %.1f s, %.0f texts/s",
          GlossEmbedder.DIMENSION, embedder.threads(), seconds, rows / seconds);
      heldOutVectors = embedder.embed(texts(heldOut), done -> {});
      questionVectors = embedder.embed(questions, done -> {});
    }
    ServerOptions options =
        ServerOptions.of(scratch.path().resolve("data")).withPorts(0, ServerOptions.NO_HTTP);
    try (ArbalestServer server = ArbalestServer.start(options);
        ArbalestClient client = ArbalestClient.connect(server.uri())) {
      say("server in this process: %s", server.uri());
      put(client, synsets, vectors);
      GlossSearch search = new GlossSearch(client);
      for (int i = 0; i < questions.size(); i++) {
        show(search, questions.get(i), questionVectors[i]);
      }
      measure(client, search, heldOutVectors);
    }
  }

  private static List<String> texts(List<Synset> synsets) {
    return synsets.stream().map(Synset::text).toList();
  }

  private static float[][] embed(GlossEmbedder embedder, String task, List<String> texts) {
    try (Progress progress = new Progress(task, "texts", texts.size())) {
      return embedder.embed(texts, progress::to);
    }
  }

  private void put(ArbalestClient client, List<Synset> synsets, float[][] vectors) {
    long start = System.nanoTime();
    try (GlossBatches batches = new GlossBatches(synsets, vectors, client.allocator());
        Progress progress = new Progress("putting over Flight", "rows", synsets.size());
        PutStream stream =
            client.openPut(GlossSearch.DATASET, batches.root(), PutOptions.DEFAULT)) {
      while (batches.next()) {
        stream.put(batches.root());
        progress.to(batches.done());
      }
      PutAck last = stream.finish();
      double acknowledged = seconds(start);
      client.flush(GlossSearch.DATASET);
      double indexed = seconds(start);
      say(
          "put: %,d rows %s after %.2f s (%.0f rows/s), in the graph after %.2f s (%.0f rows/s)",
          synsets.size(),
          last.durable() ? "durable" : "acknowledged",
          acknowledged,
          synsets.size() / acknowledged,
          indexed,
          synsets.size() / indexed);
    }
  }

  private void show(GlossSearch search, String question, float[] vector) {
    long start = System.nanoTime();
    List<GlossSearch.Hit> hits = search.nearest(vector, SHOWN);
    double millis = seconds(start) * 1e3;
    say("");
    say("\"%s\"  (%.1f ms)", question, millis);
    for (GlossSearch.Hit hit : hits) {
      String line = "%s (%s): %s".formatted(hit.words(), hit.pos(), hit.text());
      say("  %.4f  %s", hit.distance(), shortened(line));
    }
  }

  private static String shortened(String line) {
    return line.length() <= TEXT_COLUMNS ? line : line.substring(0, TEXT_COLUMNS - 1) + "…";
  }

  private void measure(ArbalestClient client, GlossSearch search, float[][] queries) {
    // The first round warms the JVM up; the second is reported.
    search.quality(queries, K);
    GlossSearch.Quality quality = search.quality(queries, K);
    String kernelSet = client.status(GlossSearch.DATASET).path("kernel_set").asText();
    say("");
    say("%d held-out glosses, k = %d, one at a time over Flight:", queries.length, K);
    say(
        "  graph  %.0f us median, %.0f us 99th percentile, recall@%d %.4f against exact",
        quality.p50Micros(), quality.p99Micros(), K, quality.recall());
    say("  exact  %.0f us median", quality.exactP50Micros());
    say("kernel set: %s", kernelSet);
  }

  private void say(String pattern, Object... values) {
    out.println(String.format(Locale.ROOT, pattern, values));
    out.flush();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
