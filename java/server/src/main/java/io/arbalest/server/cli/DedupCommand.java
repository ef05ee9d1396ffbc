package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DedupQuery;
import io.arbalest.client.ResultStream;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code arbalest dedup}: pairs of rows that are near each other. */
@Command(
    name = "dedup",
    description = {
      "Finds all pairs of rows within a distance.",
      "Writes id_a, the row written earlier, id_b, and distance."
    },
    mixinStandardHelpOptions = true)
final class DedupCommand implements Callable<Integer> {
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;
  @Mixin private PairsOutput output;

  @Option(
      names = "--max-distance",
      required = true,
      description = "How far apart the rows of a pair may be, in the dataset's metric.",
      paramLabel = "D")
  private double maxDistance;

  @Option(
      names = "--exact",
      negatable = true,
      description = "Compare each row with each, or never. Default: whatever costs less")
  private Boolean exact;

  @Option(
      names = "--limit",
      defaultValue = "-1",
      description = "Pairs to find at most.",
      paramLabel = "N")
  private long limit;

  @Override
  public Integer call() throws IOException {
    try (ArbalestClient client = server.connect();
        ResultStream pairs =
            client.dedup(new DedupQuery(dataset.name(), maxDistance, exact, limit))) {
      output.write(pairs);
    }
    return 0;
  }
}
