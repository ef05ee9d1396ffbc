package io.arbalest.bench.peers;

import io.github.jbellis.jvector.disk.RandomAccessReader;
import io.github.jbellis.jvector.disk.ReaderSupplier;
import io.github.jbellis.jvector.disk.SimpleMappedReader;
import io.github.jbellis.jvector.disk.SimpleWriter;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndex;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.graph.similarity.ScoreFunction;
import io.github.jbellis.jvector.graph.similarity.SearchScoreProvider;
import io.github.jbellis.jvector.quantization.NVQVectors;
import io.github.jbellis.jvector.quantization.NVQuantization;
import io.github.jbellis.jvector.quantization.PQVectors;
import io.github.jbellis.jvector.quantization.ProductQuantization;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.util.FixedBitSet;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ForkJoinPool;

/**
 * JVector: dot product over normalised rows for cosine, the hierarchy on and the final graph
 * refined, as its own benches do. The graph is built over float32 rows. The variants are what a
 * search reads: {@code float32} rows; {@code pq}, product codes of a byte for every four components
 * to traverse and float32 rows to rerank; {@code nvq}, the same codes to traverse and rows of 8
 * bits a component to rerank, as its files keep them.
 */
public final class JVectorPeer extends JavaPeer {

  private static final String POM_PROPERTIES =
      "/META-INF/maven/io.github.jbellis/jvector-base/pom.properties";

  /** Files of an index that is kept. */
  private static final String GRAPH_FILE = "graph";

  private static final String PQ_FILE = "pq";
  private static final String NVQ_FILE = "nvq";

  private static final float NEIGHBOR_OVERFLOW = 1.2f;
  private static final float ALPHA = 1.2f;
  private static final int PQ_COMPONENTS = 4;
  private static final int PQ_CLUSTERS = 256;

  /** Parts of a row that NVQ scales by themselves; its own benches have 2. */
  private static final int NVQ_PARTS = 2;

  private final VectorTypeSupport types =
      VectorizationProvider.getInstance().getVectorTypeSupport();
  private final String variant;
  private List<VectorFloat<?>> queries = List.of();
  private VectorSimilarityFunction similarity;
  private ImmutableGraphIndex graph;
  private ListRandomAccessVectorValues rows;
  private PQVectors pq;
  private NVQVectors nvq;

  private JVectorPeer(String variant) {
    if (!List.of("float32", "pq", "nvq").contains(variant)) {
      throw new IllegalArgumentException("variant: " + variant);
    }
    this.variant = variant;
  }

  /** Serves the variant that the argument names. */
  public static void main(String[] arguments) throws IOException {
    serve(new JVectorPeer(arguments[0]));
  }

  @Override
  protected String version() throws IOException {
    try (InputStream stream = GraphIndexBuilder.class.getResourceAsStream(POM_PROPERTIES)) {
      if (stream == null) {
        throw new FileNotFoundException("JVector's jar has no " + POM_PROPERTIES);
      }
      Properties properties = new Properties();
      properties.load(stream);
      String provider = VectorizationProvider.getInstance().getClass().getSimpleName();
      return properties.getProperty("version") + ", " + provider;
    }
  }

  @Override
  protected void queries(float[][] given) {
    queries = vectors(given);
  }

  private List<VectorFloat<?>> vectors(float[][] given) {
    List<VectorFloat<?>> vectors = new ArrayList<>(given.length);
    for (float[] row : given) {
      vectors.add(types.createFloatVector(row));
    }
    return vectors;
  }

  @Override
  protected void drop() throws IOException {
    if (graph != null) {
      graph.close();
    }
    graph = null;
    rows = null;
    pq = null;
    nvq = null;
  }

  @Override
  protected void build(float[][] base, Settings settings, int threads) throws IOException {
    similarity = similarity(settings);
    rows = new ListRandomAccessVectorValues(vectors(base), base[0].length);
    ForkJoinPool pool = new ForkJoinPool(threads);
    // Level 0 has twice the links of the upper levels, as in the other contenders.
    try (GraphIndexBuilder builder =
        GraphIndexBuilder.builder(
                BuildScoreProvider.randomAccessScoreProvider(rows, similarity),
                rows.dimension(),
                List.of(2 * settings.m(), settings.m()))
            .withBeamWidth(settings.efConstruction())
            .withNeighborOverflow(NEIGHBOR_OVERFLOW)
            .withAlpha(ALPHA)
            .withSimdExecutor(pool)
            .withParallelExecutor(pool)
            .build()) {
      graph = builder.build(rows);
      compress(pool);
    } finally {
      pool.shutdown();
    }
  }

  private static VectorSimilarityFunction similarity(Settings settings) {
    return settings.metric().equals("l2")
        ? VectorSimilarityFunction.EUCLIDEAN
        : VectorSimilarityFunction.DOT_PRODUCT;
  }

  /**
   * The graph and the codes; rows are where they came from. What keeps a graph that is in memory as
   * one is deprecated for files that are searched in place, which would be another contender.
   */
  @Override
  @SuppressWarnings("deprecation")
  protected boolean save(Path path) throws IOException {
    if (!(graph instanceof OnHeapGraphIndex onHeap)) {
      throw new IOException("a graph in memory was expected, found " + graph.getClass());
    }
    Files.createDirectory(path);
    try (SimpleWriter out = new SimpleWriter(path.resolve(GRAPH_FILE))) {
      onHeap.save(out);
    }
    if (pq != null) {
      try (SimpleWriter out = new SimpleWriter(path.resolve(PQ_FILE))) {
        pq.write(out, OnDiskGraphIndex.CURRENT_VERSION);
      }
    }
    if (nvq != null) {
      try (SimpleWriter out = new SimpleWriter(path.resolve(NVQ_FILE))) {
        nvq.write(out, OnDiskGraphIndex.CURRENT_VERSION);
      }
    }
    return true;
  }

  @Override
  @SuppressWarnings("deprecation")
  protected int load(Path path, Settings settings) throws IOException {
    similarity = similarity(settings);
    int dimension = queries.get(0).length();
    try (ReaderSupplier file = new SimpleMappedReader.Supplier(path.resolve(GRAPH_FILE));
        RandomAccessReader in = file.get()) {
      // Nothing is inserted any more, so that nobody asks which links are diverse.
      OnHeapGraphIndex onHeap = OnHeapGraphIndex.load(in, dimension, NEIGHBOR_OVERFLOW, null);
      // Until then it is searched as one that changes, which is slower.
      onHeap.setAllMutationsCompleted();
      graph = onHeap;
    }
    if (!variant.equals("float32")) {
      try (ReaderSupplier file = new SimpleMappedReader.Supplier(path.resolve(PQ_FILE));
          RandomAccessReader in = file.get()) {
        pq = PQVectors.load(in);
      }
    }
    if (variant.equals("nvq")) {
      try (ReaderSupplier file = new SimpleMappedReader.Supplier(path.resolve(NVQ_FILE));
          RandomAccessReader in = file.get()) {
        nvq = NVQVectors.load(in);
      }
    } else {
      rows = new ListRandomAccessVectorValues(vectors(baseRows()), dimension);
    }
    return graph.size(0);
  }

  private void compress(ForkJoinPool pool) {
    if (variant.equals("float32")) {
      return;
    }
    boolean center = similarity == VectorSimilarityFunction.EUCLIDEAN;
    int parts = Math.max(1, rows.dimension() / PQ_COMPONENTS);
    int clusters = Math.min(PQ_CLUSTERS, rows.size());
    pq =
        ProductQuantization.compute(rows, parts, clusters, center, -1f, pool, pool)
            .encodeAll(rows, pool);
    if (variant.equals("nvq")) {
      nvq = NVQuantization.compute(rows, NVQ_PARTS).encodeAll(rows, pool);
      rows = null;
    }
  }

  @Override
  protected long bytes() {
    long bytes = graph.ramBytesUsed();
    bytes += rows == null ? 0 : (long) rows.size() * rows.dimension() * Float.BYTES;
    bytes += pq == null ? 0 : pq.ramBytesUsed();
    bytes += nvq == null ? 0 : nvq.ramBytesUsed();
    return bytes;
  }

  @Override
  protected Searcher searcher(int ef, int k) {
    return searcher(ef, k, Bits.ALL);
  }

  @Override
  protected Searcher searcher(int ef, int k, BitSet accepted) {
    FixedBitSet bits = new FixedBitSet(graph.size(0));
    accepted.stream().forEach(bits::set);
    return searcher(ef, k, bits);
  }

  private Searcher searcher(int ef, int k, Bits accepted) {
    GraphSearcher searcher = new GraphSearcher(graph);
    return new Searcher() {
      @Override
      public int search(int query, int[] ids) {
        SearchResult found = searcher.search(scores(queries.get(query)), k, ef, 0f, 0f, accepted);
        SearchResult.NodeScore[] nodes = found.getNodes();
        Arrays.setAll(ids, i -> i < nodes.length ? nodes[i].node : -1);
        return found.getVisitedCount();
      }

      @Override
      public void close() throws IOException {
        searcher.close();
      }
    };
  }

  private SearchScoreProvider scores(VectorFloat<?> query) {
    if (pq == null) {
      return DefaultSearchScoreProvider.exact(query, similarity, rows);
    }
    ScoreFunction.ExactScoreFunction reranker =
        nvq == null
            ? rows.rerankerFor(query, similarity)
            : nvq.scoreFunctionFor(query, similarity)::similarityTo;
    return new DefaultSearchScoreProvider(
        pq.precomputedScoreFunctionFor(query, similarity), reranker);
  }
}
