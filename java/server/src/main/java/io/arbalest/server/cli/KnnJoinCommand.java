package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.KnnJoinQuery;
import io.arbalest.client.ResultStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code arbalest knn-join}: the nearest rows of one dataset to every row of another. */
@Command(
    name = "knn-join",
    description = {
      "Finds the nearest rows of one dataset to every row of another, or of itself.",
      "Writes left_id, right_id, distance and the columns asked for."
    },
    mixinStandardHelpOptions = true)
final class KnnJoinCommand implements Callable<Integer> {
  @Mixin private ServerOption server;
  @Mixin private PairsOutput output;

  @Option(
      names = "--left",
      required = true,
      description = "The dataset whose rows are joined.",
      paramLabel = "NAME")
  private String left;

  @Option(
      names = "--right",
      required = true,
      description = "The dataset in which their nearest are found.",
      paramLabel = "NAME")
  private String right;

  @Option(names = "-k", description = "Right rows a left row. Default: 10", paramLabel = "N")
  private Integer k;

  @Option(
      names = "--exact",
      negatable = true,
      description = "Compare each row with each, or never. Default: whatever costs less")
  private Boolean exact;

  @Option(names = "--ef", description = "Breadth of the graph search.", paramLabel = "N")
  private Integer ef;

  @Option(
      names = "--max-distance",
      description = "Leave out pairs farther apart.",
      paramLabel = "D")
  private Double maxDistance;

  @Option(
      names = "--columns",
      split = ",",
      description = "Metadata columns of the right rows to return; * for all.",
      paramLabel = "NAME")
  private List<String> columns = List.of();

  @Override
  public Integer call() throws IOException {
    KnnJoinQuery query = KnnJoinQuery.of(left, right).columns(columns.toArray(new String[0]));
    query = k == null ? query : query.k(k);
    query = exact == null ? query : query.exact(exact);
    query = ef == null ? query : query.ef(ef);
    query = maxDistance == null ? query : query.maxDistance(maxDistance);
    try (ArbalestClient client = server.connect();
        ResultStream pairs = client.knnJoin(query)) {
      output.write(pairs);
    }
    return 0;
  }
}
