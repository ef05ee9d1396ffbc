package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.BatchSource;
import io.arbalest.client.PutAck;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.server.cli.io.Reshaped;
import io.arbalest.server.cli.io.TableFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.arrow.vector.types.pojo.Field;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code arbalest put}: a file into a dataset. */
@Command(
    name = "put",
    description = {
      "Puts a file into a dataset; a new name creates the dataset.",
      "Formats: .npy, .fbin, .hbin (vectors alone; their row numbers become the ids), .arrow,"
          + " .jsonl, .csv (columns 'id' and 'vector', all others are metadata)."
    },
    mixinStandardHelpOptions = true)
final class PutCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;

  @Parameters(paramLabel = "FILE", description = "The file to read.")
  private Path file;

  @Option(
      names = "--metric",
      description = "Of a new dataset: l2, cosine, dot. Default: cosine",
      paramLabel = "NAME")
  private String metric;

  @Option(
      names = "--element",
      description = "Of a new dataset: float16, float32. Default: float16",
      paramLabel = "NAME")
  private String element;

  @Option(
      names = "--text-columns",
      split = ",",
      description = "Of a new dataset: utf8 columns to search by text. Default: none",
      paramLabel = "NAME")
  private List<String> textColumns = List.of();

  @Option(
      names = "--id-column",
      description = "The column that is the id. Default: id, else the row number",
      paramLabel = "NAME")
  private String idColumn;

  @Option(
      names = "--vector-column",
      description = "The column that is the vector. Default: vector",
      paramLabel = "NAME")
  private String vectorColumn;

  @Override
  public Integer call() throws IOException {
    try (ArbalestClient client = server.connect();
        BatchSource opened = TableFiles.open(file, client.allocator())) {
      long total = TableFiles.rows(opened);
      try (BatchSource rows = shaped(opened, client);
          Progress progress = new Progress("put", "rows", total)) {
        put(client, rows, progress);
      }
    }
    return 0;
  }

  private void put(ArbalestClient client, BatchSource rows, Progress progress) throws IOException {
    PutOptions options = PutOptions.DEFAULT.withRetryFor(PATIENCE);
    long start = System.nanoTime();
    long done = 0;
    try (PutStream stream = client.openPut(dataset.name(), rows.root(), options)) {
      while (rows.next()) {
        stream.put(rows.root());
        done += rows.root().getRowCount();
        progress.to(done);
      }
      PutAck last = stream.finish();
      report(client, done, (System.nanoTime() - start) / 1e9, last);
    }
  }

  private void report(ArbalestClient client, long rows, double seconds, PutAck last) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "put %d rows into %s in %.1f s (%.0f rows/s); %d rows in all; sequence %d%n",
        rows,
        dataset.name(),
        seconds,
        rows / Math.max(seconds, 1e-3),
        client.info(dataset.name()).rows(),
        last == null ? 0 : last.sequence());
    out.flush();
  }

  /** The file's columns under the names that the server knows. */
  private BatchSource shaped(BatchSource source, ArbalestClient client) {
    List<Field> fields = source.root().getSchema().getFields();
    String vector = vectorColumn == null ? TableFiles.VECTOR : vectorColumn;
    String id = idColumn == null ? TableFiles.ID : idColumn;
    require(fields, vector, vectorColumn == null ? "--vector-column" : null);
    boolean numbered = idColumn == null && !has(fields, id);
    if (!numbered) {
      require(fields, id, null);
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (Field field : fields) {
      String name = field.getName();
      names.put(
          name, name.equals(vector) ? TableFiles.VECTOR : name.equals(id) ? TableFiles.ID : name);
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, String> ofFile = source.root().getSchema().getCustomMetadata();
    ofFile.forEach(
        (key, value) -> {
          if (key.startsWith("arbalest.")) {
            metadata.put(key, value);
          }
        });
    if (metric != null) {
      metadata.put("arbalest.metric", metric);
    }
    if (element != null) {
      metadata.put("arbalest.element", element);
    }
    if (!textColumns.isEmpty()) {
      metadata.put("arbalest.text_columns", String.join(",", textColumns));
    }
    return new Reshaped(
        source, client.allocator(), names, numbered ? TableFiles.ID : null, metadata);
  }

  private void require(List<Field> fields, String name, String hint) {
    if (!has(fields, name)) {
      throw new ParameterException(
          spec.commandLine(),
          "%s: found no column '%s' among %s%s"
              .formatted(
                  file,
                  name,
                  fields.stream().map(Field::getName).toList(),
                  hint == null ? "" : "; name it with " + hint));
    }
  }

  private static boolean has(List<Field> fields, String name) {
    return fields.stream().anyMatch(field -> field.getName().equals(name));
  }
}
