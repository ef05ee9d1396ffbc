package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.server.cli.io.BatchWriter;
import io.arbalest.server.cli.io.TableFiles;
import io.arbalest.server.cli.io.TextWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code arbalest scan}: a dataset's rows to the output or into a file. */
@Command(
    name = "scan",
    description = {
      "Reads a dataset's rows in the order they were written.",
      "Without --out: one JSON object a line. With it: .arrow, .jsonl, .csv, or .npy, .fbin, .hbin"
          + " for the vectors alone."
    },
    mixinStandardHelpOptions = true)
final class ScanCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;

  @Option(
      names = "--columns",
      split = ",",
      defaultValue = "*",
      description = "Metadata columns to return. Default: all",
      paramLabel = "NAME")
  private List<String> columns;

  @Option(
      names = "--vectors-as",
      description =
          "Vectors to return: none, sq8, float16, float32. Default: none; float32 into a file",
      paramLabel = "FORM")
  private String vectorsAs;

  @Option(
      names = "--filter",
      description =
          "Rows that match alone, as JSON: {\"field\":\"year\",\"op\":\">=\",\"value\":2020}",
      paramLabel = "JSON")
  private String filter;

  @Option(names = "--limit", defaultValue = "-1", description = "Rows to read.", paramLabel = "N")
  private long limit;

  @Option(names = "--out", description = "The file to write.", paramLabel = "FILE")
  private Path out;

  @Override
  public Integer call() throws IOException {
    try (ArbalestClient client = server.connect();
        ResultStream rows =
            client.scan(new ScanQuery(dataset.name(), columns, form(), limit, filter));
        // The server answers before the file is made: a wrong name leaves no file behind.
        BatchWriter writer = writer(rows)) {
      while (rows.next()) {
        writer.write(rows.root());
      }
    }
    return 0;
  }

  private BatchWriter writer(ResultStream rows) throws IOException {
    rows.schema();
    return out == null ? TextWriter.jsonLines(spec.commandLine().getOut()) : TableFiles.create(out);
  }

  private String form() {
    if (vectorsAs != null) {
      return vectorsAs;
    }
    return out == null ? "none" : "float32";
  }
}
