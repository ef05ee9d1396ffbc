package io.arbalest.server.cli;

import io.arbalest.client.ResultStream;
import io.arbalest.server.cli.io.BatchWriter;
import io.arbalest.server.cli.io.TableFiles;
import io.arbalest.server.cli.io.TextWriter;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where the pairs of a join go: one JSON object a line, or a file. */
final class PairsOutput {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--out",
      description = "The file to write: .arrow, .jsonl, .csv.",
      paramLabel = "FILE")
  private Path out;

  /** Writes everything. */
  void write(ResultStream pairs) throws IOException {
    // The server answers before the file is made: a wrong name leaves no file behind.
    pairs.schema();
    try (BatchWriter writer =
        out == null ? TextWriter.jsonLines(spec.commandLine().getOut()) : TableFiles.create(out)) {
      while (pairs.next()) {
        writer.write(pairs.root());
      }
    }
    pairs
        .stats()
        .ifPresent(
            stats ->
                spec.commandLine()
                    .getErr()
                    .printf("strategy %s, %d rows looked at%n", stats.strategy(), stats.visited()));
    spec.commandLine().getErr().flush();
  }
}
