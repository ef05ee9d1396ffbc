package io.arbalest.bench.quickstart;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Searches of the quickstart's dataset over Flight. */
final class GlossSearch {

  static final String DATASET = "glosses";

  /** A first look at a busy machine should be slow rather than fail. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final ArbalestClient client;

  GlossSearch(ArbalestClient client) {
    this.client = client;
  }

  /**
   * A gloss near a query.
   *
   * @param distance 1 - cosine
   */
  record Hit(String id, double distance, String pos, String words, String text) {}

  /** The {@code k} nearest glosses. */
  List<Hit> nearest(float[] query, int k) {
    SearchQuery search = SearchQuery.of(DATASET).vector(query).k(k).columns("pos", "words", "text");
    List<Hit> hits = new ArrayList<>();
    try (ResultStream results = client.search(search)) {
      while (results.next()) {
        VectorSchemaRoot root = results.root();
        Float4Vector distances = (Float4Vector) root.getVector("distance");
        for (int row = 0; row < root.getRowCount(); row++) {
          hits.add(
              new Hit(
                  text(root, "id", row),
                  distances.get(row),
                  text(root, "pos", row),
                  text(root, "words", row),
                  text(root, "text", row)));
        }
      }
    }
    return hits;
  }

  /**
   * How the graph's answers compare with a scan of every row.
   *
   * @param recall share of the k nearest that the graph finds
   * @param p50Micros median of the graph's single searches, round trip
   * @param p99Micros 99th percentile of the same
   * @param exactP50Micros median of the exact searches
   */
  record Quality(double recall, double p50Micros, double p99Micros, double exactP50Micros) {}

  /** Searches each query by the graph and exactly. */
  Quality quality(float[][] queries, int k) {
    double[] graph = new double[queries.length];
    double[] exact = new double[queries.length];
    long found = 0;
    for (int i = 0; i < queries.length; i++) {
      SearchQuery search = query(queries[i], k);
      long start = System.nanoTime();
      Set<String> hits = ids(search);
      long middle = System.nanoTime();
      Set<String> truth = ids(search.exact(true));
      graph[i] = (middle - start) / 1e3;
      exact[i] = (System.nanoTime() - middle) / 1e3;
      truth.retainAll(hits);
      found += truth.size();
    }
    Arrays.sort(graph);
    Arrays.sort(exact);
    return new Quality(
        (double) found / ((long) queries.length * k),
        graph[graph.length / 2],
        graph[(int) (graph.length * 0.99)],
        exact[exact.length / 2]);
  }

  private static SearchQuery query(float[] vector, int k) {
    return SearchQuery.of(DATASET).vector(vector).k(k).vectorsAs("none").timeout(PATIENCE);
  }

  private Set<String> ids(SearchQuery search) {
    Set<String> ids = new HashSet<>();
    try (ResultStream results = client.search(search)) {
      while (results.next()) {
        for (int row = 0; row < results.root().getRowCount(); row++) {
          ids.add(text(results.root(), "id", row));
        }
      }
    }
    return ids;
  }

  private static String text(VectorSchemaRoot root, String column, int row) {
    return root.getVector(column).getObject(row).toString();
  }
}
