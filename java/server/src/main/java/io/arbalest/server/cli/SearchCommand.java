package io.arbalest.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.BatchSource;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.cli.io.Reshaped;
import io.arbalest.server.cli.io.TableFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code arbalest search}: the nearest rows to a vector, to each vector of a file, to a row; or
 * those with some words, or both in one ranking.
 */
@Command(
    name = "search",
    description =
        "Finds the rows nearest to a vector, to each vector of a file, or to a row; those that have"
            + " some words; or both in one ranking.",
    mixinStandardHelpOptions = true)
final class SearchCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;

  @ArgGroup(multiplicity = "0..1")
  private Query query = new Query();

  @Option(
      names = "--text",
      description = "Words to look for in the dataset's text columns, alone or beside a vector.",
      paramLabel = "WORDS")
  private String text;

  @Option(
      names = "--alpha",
      description =
          "How much the vector counts beside the text, 0 to 1. Default: both are fused by rank",
      paramLabel = "N")
  private Double alpha;

  @Option(names = "-k", description = "Results a query. Default: 10", paramLabel = "N")
  private Integer k;

  @Option(names = "--ef", description = "Breadth of the search.", paramLabel = "N")
  private Integer ef;

  @Option(
      names = "--target-recall",
      description = "The recall wanted, such as 0.99, instead of --ef.",
      paramLabel = "R")
  private Double targetRecall;

  @Option(
      names = "--filter",
      description =
          "Rows that match alone, as JSON: {\"field\":\"year\",\"op\":\">=\",\"value\":2020}",
      paramLabel = "JSON")
  private String filter;

  @Option(names = "--exact", description = "Compare with every row.")
  private boolean exact;

  @Option(
      names = "--columns",
      split = ",",
      description = "Metadata columns to return; * for all.",
      paramLabel = "NAME")
  private List<String> columns = List.of();

  @Option(
      names = "--vectors-as",
      defaultValue = "none",
      description = "Vectors to return: none, sq8, float16, float32. Default: none",
      paramLabel = "FORM")
  private String vectorsAs;

  @Option(
      names = "--min-sequence",
      description = "Wait until this write, named by its acknowledgement, is found.",
      paramLabel = "N")
  private Long minSequence;

  @Option(names = "--no-cache", description = "Search anew, whatever the server remembers.")
  private boolean noCache;

  @Option(names = "--json", description = "One JSON object a hit.")
  private boolean json;

  /** What is searched with. */
  static final class Query {
    @Option(names = "--vector", description = "A vector as a JSON array.", paramLabel = "'[...]'")
    private String vector;

    @Option(
        names = "--vectors",
        description = "A file of vectors, each a query; its column 'id' names them.",
        paramLabel = "FILE")
    private Path vectors;

    @Option(names = "--id", description = "The id of a row.", paramLabel = "ID")
    private String id;
  }

  @Override
  public Integer call() throws IOException {
    if (query.vector == null && query.vectors == null && query.id == null && text == null) {
      throw new ParameterException(
          spec.commandLine(),
          "found none of --vector, --vectors, --id, --text; allowed one of them, or one beside"
              + " --text");
    }
    try (ArbalestClient client = server.connect()) {
      Hits hits = new Hits(json, spec.commandLine().getOut(), spec.commandLine().getErr());
      SearchQuery search = search();
      if (query.vectors != null) {
        try (BatchSource queries = queries(client)) {
          client.searchMany(search, queries, hits::print);
        }
      } else {
        try (ResultStream results = client.search(one(client, search))) {
          while (results.next()) {
            hits.print(results);
          }
        }
      }
      hits.finish();
    }
    return 0;
  }

  private SearchQuery search() {
    SearchQuery search = SearchQuery.of(dataset.name()).vectorsAs(vectorsAs).columns(columns);
    search = k == null ? search : search.k(k);
    search = ef == null ? search : search.ef(ef);
    search = targetRecall == null ? search : search.targetRecall(targetRecall);
    search = minSequence == null ? search : search.minSequence(minSequence);
    search = filter == null ? search : search.filter(filter);
    search = noCache ? search.cache(false) : search;
    search = text == null ? search : search.text(text);
    search = alpha == null ? search : search.alpha(alpha);
    return exact ? search.exact(true) : search;
  }

  private SearchQuery one(ArbalestClient client, SearchQuery search) {
    if (query.vector != null) {
      return search.vector(vector());
    }
    return query.id != null ? like(client, search) : search;
  }

  private SearchQuery like(ArbalestClient client, SearchQuery search) {
    Ids ids = Ids.of(client, dataset.name());
    return ids.areText() ? search.like(query.id) : search.like(ids.number(query.id));
  }

  private float[] vector() {
    try {
      return MAPPER.readValue(query.vector, float[].class);
    } catch (JsonProcessingException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--vector: found '%s', allowed a JSON array of numbers".formatted(query.vector),
          e);
    }
  }

  private BatchSource queries(ArbalestClient client) throws IOException {
    BatchSource source = TableFiles.open(query.vectors, client.allocator());
    Map<String, String> names = new LinkedHashMap<>();
    if (source.root().getVector(TableFiles.ID) != null) {
      names.put(TableFiles.ID, TableFiles.QUERY);
    }
    if (source.root().getVector(TableFiles.VECTOR) == null) {
      source.close();
      throw new IOException(query.vectors + ": found no column 'vector'");
    }
    names.put(TableFiles.VECTOR, TableFiles.VECTOR);
    return new Reshaped(source, client.allocator(), names, null, Map.of());
  }
}
