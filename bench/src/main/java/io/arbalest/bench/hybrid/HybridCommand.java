package io.arbalest.bench.hybrid;

import io.arbalest.bench.Home;
import io.arbalest.bench.ScratchDirectory;
import io.arbalest.bench.quickstart.GlossEmbedder;
import io.arbalest.bench.report.JsonReport;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.bench.report.Table;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.server.cli.io.VectorFile;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.DatasetStatus;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code arbalest bench hybrid}: how often a synset is found by one of its words and a paraphrase,
 * by vector, by text and by both; see {@link HybridQueries}. Vectors are compared with every row,
 * so that what differs is the ranking and not the graph's recall.
 */
@Command(
    name = "hybrid",
    sortOptions = false,
    description = "Success of vector, text and hybrid searches for WordNet's synsets.",
    mixinStandardHelpOptions = true)
public final class HybridCommand implements Callable<Integer> {
  private static final int BATCH_ROWS = 4096;
  private static final int EXAMPLES = 3;
  private static final double[] ALPHAS = {0.1, 0.3, 0.5, 0.7, 0.9};

  @Spec private CommandSpec spec;

  @Option(names = "--queries", defaultValue = "1000", description = "Questions (default: 1000)")
  private int queryCount;

  @Option(names = "--rows", defaultValue = "0", description = "Rows; 0: all (default: 0)")
  private int rowsMax;

  @Option(names = "--seed", defaultValue = "42", description = "Of the questions (default: 42)")
  private long seed;

  @Option(
      names = "--json",
      description = "Also write the figures to this file",
      paramLabel = "FILE")
  private Path json;

  private PrintWriter out;

  @Override
  public Integer call() throws IOException {
    out = spec.commandLine().getOut();
    Path data =
        Home.wordnet()
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "the WordNet set is not in ARBALEST_DATA or ../shared/data"));
    List<String> texts = texts(data.resolve("base.tsv.gz"));
    List<HybridQuery> queries = HybridQueries.make(texts, queryCount, seed);
    try (ScratchDirectory scratch = ScratchDirectory.temporary("arbalest-hybrid-");
        BufferAllocator allocator = new RootAllocator();
        Store store =
            Store.open(
                StoreOptions.of(scratch.path().resolve("data"))
                    .withIndexThreads(1)
                    .withPendingRows(1 << 20, 1 << 20))) {
      float[][] vectors;
      try (GlossEmbedder embedder = new GlossEmbedder(scratch.path())) {
        vectors = embedder.embed(queries.stream().map(HybridQuery::text).toList(), done -> {});
      }
      Dataset dataset = put(store, data.resolve("base.hbin"), texts, allocator);
      measure(dataset, new HybridSearches(dataset, queries, vectors, allocator), queries);
    }
    out.flush();
    return 0;
  }

  /** The column {@code text} of the set's table. */
  private List<String> texts(Path file) throws IOException {
    List<String> texts = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      lines.readLine(); // the head
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        texts.add(line.split("\t", 6)[5]);
      }
    }
    return rowsMax == 0 ? texts : texts.subList(0, Math.min(rowsMax, texts.size()));
  }

  private static Dataset put(
      Store store, Path vectorFile, List<String> texts, BufferAllocator allocator)
      throws IOException {
    Dataset dataset = null;
    try (VectorFile base = VectorFile.open(vectorFile)) {
      for (int first = 0; first < texts.size(); first += BATCH_ROWS) {
        int count = Math.min(BATCH_ROWS, texts.size() - first);
        List<FieldVector> columns =
            List.of(
                VectorColumns.ids(first, count, allocator),
                VectorColumns.read(base, first, count, allocator),
                column(texts.subList(first, first + count), allocator));
        Schema schema =
            new Schema(
                columns.stream().map(FieldVector::getField).toList(),
                Map.of(DatasetSpec.TEXT_COLUMNS_KEY, "text"));
        try (VectorSchemaRoot root = new VectorSchemaRoot(schema, columns, count)) {
          if (dataset == null) {
            dataset = store.create(DatasetSpec.fromArrow("synsets", schema));
          }
          dataset.put(root).join();
        }
      }
    }
    return dataset;
  }

  private static VarCharVector column(List<String> texts, BufferAllocator allocator) {
    VarCharVector column = new VarCharVector("text", allocator);
    column.allocateNew();
    for (int i = 0; i < texts.size(); i++) {
      column.setSafe(i, texts.get(i).getBytes(StandardCharsets.UTF_8));
    }
    column.setValueCount(texts.size());
    return column;
  }

  private void measure(Dataset dataset, HybridSearches searches, List<HybridQuery> queries)
      throws IOException {
    HybridSearches.Outcome dense = searches.run("vector", true, false, null);
    HybridSearches.Outcome text = searches.run("text", false, true, null);
    HybridSearches.Outcome fused = searches.run("hybrid, by rank", true, true, null);
    List<HybridRow> rows = new ArrayList<>(List.of(dense.row(), text.row(), fused.row()));
    for (double alpha : ALPHAS) {
      rows.add(searches.run("hybrid, alpha " + alpha, true, true, alpha).row());
    }
    Map<String, Object> machine = MachineFacts.read();
    DatasetStatus status = dataset.status();
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("rows", status.rows());
    parameters.put("queries", queries.size());
    parameters.put("seed", seed);
    parameters.put("k", HybridSearches.K);
    parameters.put("text_disk_bytes", status.textDiskBytes());
    parameters.put("text_memory_bytes", status.textMemoryBytes());
    out.println(MachineFacts.line(machine));
    out.println(parameters);
    out.print(table(rows).markdown());
    examples(queries, dense.ranks(), fused.ranks());
    if (json != null) {
      JsonReport.write(json, machine, parameters, rows, List.of());
    }
  }

  private static Table table(List<HybridRow> rows) {
    Table table = new Table(List.of("search", "success@1", "success@10", "MRR@10", "median, ms"));
    for (HybridRow row : rows) {
      table.add(
          List.of(
              row.system(),
              format(row.successAt1(), 3),
              format(row.successAt10(), 3),
              format(row.reciprocalRank(), 3),
              format(row.p50Ms(), 1)));
    }
    return table;
  }

  /** Questions that the hybrid search answers and the vector does not, the best answered first. */
  private void examples(List<HybridQuery> queries, int[] dense, int[] fused) {
    IntStream.range(0, dense.length)
        .filter(i -> dense[i] == 0 && fused[i] > 0)
        .boxed()
        .sorted(Comparator.comparingInt(i -> fused[i]))
        .limit(EXAMPLES)
        .forEach(
            i -> {
              out.println();
              out.println("asked: " + queries.get(i).text());
              out.printf(
                  Locale.ROOT,
                  "at rank %d, not among the ten nearest: %s%n",
                  fused[i],
                  queries.get(i).answer());
            });
  }

  private static String format(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
