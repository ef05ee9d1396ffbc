package io.arbalest.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.server.cli.io.VectorFile;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * JVector in a JVM of its own, by the protocol of bench/peers/peer.py: float32 rows, dot product
 * over normalised rows for cosine, the hierarchy on and the final graph refined, as its own benches
 * do.
 */
public final class JVectorPeer {

  private static final String POM_PROPERTIES =
      "/META-INF/maven/io.github.jbellis/jvector-base/pom.properties";

  private static final float NEIGHBOR_OVERFLOW = 1.2f;
  private static final float ALPHA = 1.2f;
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  private final VectorTypeSupport types =
      VectorizationProvider.getInstance().getVectorTypeSupport();
  private List<VectorFloat<?>> queries = List.of();
  private ListRandomAccessVectorValues base;
  private VectorSimilarityFunction similarity;
  private int m;
  private int efConstruction;
  private ImmutableGraphIndex graph;
  private boolean warm;

  /** Serves requests from standard input until it ends. */
  public static void main(String[] arguments) throws IOException {
    // The protocol owns standard output: whatever a library prints goes to standard error.
    PrintStream answers = System.out;
    System.setOut(System.err);
    ObjectMapper mapper = new ObjectMapper();
    JVectorPeer peer = new JVectorPeer();
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      ObjectNode answer = mapper.createObjectNode();
      try {
        peer.answer(mapper.readTree(line), answer);
      } catch (IOException | RuntimeException | ExecutionException e) {
        answer.removeAll().put("error", e.toString());
      } catch (InterruptedException e) {
        return;
      }
      answers.println(mapper.writeValueAsString(answer));
      answers.flush();
    }
  }

  private void answer(JsonNode request, ObjectNode answer)
      throws IOException, ExecutionException, InterruptedException {
    switch (request.path("do").asText()) {
      case "open" -> open(request, answer);
      case "build" -> build(request.path("threads").asInt(), answer);
      case "search" -> search(request, answer);
      default -> throw new IllegalArgumentException("do: " + request.path("do"));
    }
  }

  private void open(JsonNode request, ObjectNode answer) throws IOException {
    String metric = request.path("metric").asText();
    similarity =
        metric.equals("l2")
            ? VectorSimilarityFunction.EUCLIDEAN
            : VectorSimilarityFunction.DOT_PRODUCT;
    boolean normalise = metric.equals("cosine");
    m = request.path("M").asInt();
    efConstruction = request.path("ef_construction").asInt();
    List<VectorFloat<?>> rows = read(Path.of(request.path("base").asText()), normalise);
    base = new ListRandomAccessVectorValues(rows, rows.get(0).length());
    queries = read(Path.of(request.path("queries").asText()), normalise);
    answer.put(
        "version",
        "%s, %s on Java %s"
            .formatted(
                version(),
                VectorizationProvider.getInstance().getClass().getSimpleName(),
                System.getProperty("java.version")));
  }

  private static String version() throws IOException {
    try (InputStream stream = GraphIndexBuilder.class.getResourceAsStream(POM_PROPERTIES)) {
      if (stream == null) {
        throw new FileNotFoundException("JVector's jar has no " + POM_PROPERTIES);
      }
      Properties properties = new Properties();
      properties.load(stream);
      return properties.getProperty("version");
    }
  }

  private List<VectorFloat<?>> read(Path path, boolean normalise) throws IOException {
    List<VectorFloat<?>> rows = new ArrayList<>();
    try (VectorFile file = VectorFile.open(path)) {
      for (float[] row : file.readFloats()) {
        if (normalise) {
          double sum = 0;
          for (float value : row) {
            sum += (double) value * value;
          }
          float scale = (float) (1 / Math.sqrt(sum));
          for (int i = 0; i < row.length; i++) {
            row[i] *= scale;
          }
        }
        rows.add(types.createFloatVector(row));
      }
    }
    return rows;
  }

  private void build(int threads, ObjectNode answer) throws IOException {
    if (graph != null) {
      graph.close();
      graph = null;
    }
    ForkJoinPool pool = new ForkJoinPool(threads);
    long start = System.nanoTime();
    // Level 0 has twice the links of the upper levels, as in the other contenders.
    try (GraphIndexBuilder builder =
        GraphIndexBuilder.builder(
                BuildScoreProvider.randomAccessScoreProvider(base, similarity),
                base.dimension(),
                List.of(2 * m, m))
            .withBeamWidth(efConstruction)
            .withNeighborOverflow(NEIGHBOR_OVERFLOW)
            .withAlpha(ALPHA)
            .withSimdExecutor(pool)
            .withParallelExecutor(pool)
            .build()) {
      graph = builder.build(base);
    } finally {
      pool.shutdown();
    }
    warm = false;
    answer.put("seconds", (System.nanoTime() - start) / 1e9);
    answer.put("bytes", graph.ramBytesUsed() + (long) base.size() * base.dimension() * Float.BYTES);
  }

  private void search(JsonNode request, ObjectNode answer)
      throws IOException, ExecutionException, InterruptedException {
    int ef = request.path("ef").asInt();
    int k = request.path("k").asInt();
    int threads = request.path("threads").asInt();
    List<GraphSearcher> searchers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      searchers.add(new GraphSearcher(graph));
    }
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Files.write(Path.of(request.path("out").asText()), answers(searchers.get(0), ef, k));
      warmUp(pool, searchers, ef, k);
      long answered = 0;
      long start = System.nanoTime();
      double seconds = 0;
      while (seconds < request.path("seconds_min").asDouble()) {
        batch(pool, searchers, ef, k);
        answered += queries.size();
        seconds = (System.nanoTime() - start) / 1e9;
      }
      answer.put("queries", answered).put("seconds", seconds);
      latencies(searchers.get(0), ef, k, answer);
    } finally {
      pool.shutdown();
      for (GraphSearcher searcher : searchers) {
        searcher.close();
      }
    }
  }

  /** A new graph is searched by code that the JVM has yet to compile: not what a server runs. */
  private void warmUp(ExecutorService pool, List<GraphSearcher> searchers, int ef, int k)
      throws ExecutionException, InterruptedException {
    long start = System.nanoTime();
    while (!warm) {
      batch(pool, searchers, ef, k);
      warm = System.nanoTime() - start > WARM_UP_NANOS;
    }
  }

  /** One pass over the queries; threads take the next one until none is left. */
  private void batch(ExecutorService pool, List<GraphSearcher> searchers, int ef, int k)
      throws ExecutionException, InterruptedException {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> passes = new ArrayList<>();
    for (GraphSearcher searcher : searchers) {
      passes.add(
          pool.submit(
              () -> {
                for (int i = next.getAndIncrement();
                    i < queries.size();
                    i = next.getAndIncrement()) {
                  one(searcher, i, ef, k);
                }
              }));
    }
    for (Future<?> pass : passes) {
      pass.get();
    }
  }

  private SearchResult one(GraphSearcher searcher, int query, int ef, int k) {
    return searcher.search(
        DefaultSearchScoreProvider.exact(queries.get(query), similarity, base),
        k,
        Math.max(ef, k),
        0f,
        0f,
        Bits.ALL);
  }

  private byte[] answers(GraphSearcher searcher, int ef, int k) {
    ByteBuffer ids = ByteBuffer.allocate(queries.size() * k * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int query = 0; query < queries.size(); query++) {
      SearchResult.NodeScore[] nodes = one(searcher, query, ef, k).getNodes();
      for (int i = 0; i < k; i++) {
        ids.putInt(i < nodes.length ? nodes[i].node : -1);
      }
    }
    return ids.array();
  }

  private void latencies(GraphSearcher searcher, int ef, int k, ObjectNode answer) {
    double[] micros = new double[queries.size()];
    for (int query = 0; query < micros.length; query++) {
      long before = System.nanoTime();
      one(searcher, query, ef, k);
      micros[query] = (System.nanoTime() - before) / 1e3;
    }
    Arrays.sort(micros);
    answer.put("p50_us", micros[micros.length / 2]);
    answer.put("p99_us", micros[(int) (micros.length * 0.99)]);
  }
}
