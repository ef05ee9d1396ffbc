import io.arbalest.bench.peers.JavaPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ConstantScoreScorerSupplier;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.search.Weight;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.Version;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/**
 * Lucene's HNSW in one segment: float32 rows, or rows of 8 bits to traverse and float32 rows to
 * rerank the best of what was found (the argument: float32, int8).
 *
 * <p>Run from source by a Java of 21 or newer: Lucene 10 is compiled for 21, the benches for 17, and
 * the server's own Lucene 9 must never meet it. Segments are written without graphs and then merged
 * into one, whose graph as many workers build as there are threads: every other way builds some
 * links twice.
 */
public final class LucenePeer extends JavaPeer {

  private static final String FIELD = "vector";
  private static final int DIMENSION_MAX = 8192;

  /** Segments before the merge. */
  private static final int SEGMENTS = 16;

  private static final int RAM_BUFFER_MB = 1024;

  private final String variant;
  private float[][] queries = {};
  /** Of the index built here; null for one that was loaded from a directory not its own. */
  private Path directory;

  private MMapDirectory files;
  private DirectoryReader reader;

  private LucenePeer(String variant) {
    this.variant = variant;
  }

  public static void main(String[] arguments) throws IOException {
    serve(new LucenePeer(arguments[0]));
  }

  @Override
  protected String version() {
    return Version.LATEST.toString();
  }

  @Override
  protected void queries(float[][] rows) {
    queries = rows;
  }

  @Override
  protected void drop() throws IOException {
    if (files == null) {
      return;
    }
    // None where a build or a load failed half way.
    if (reader != null) {
      reader.close();
      reader = null;
    }
    files.close();
    files = null;
    if (directory != null) {
      try (var left = Files.list(directory)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
      directory = null;
    }
  }

  @Override
  protected boolean save(Path path) throws IOException {
    Files.createDirectory(path);
    for (String file : files.listAll()) {
      Files.copy(directory.resolve(file), path.resolve(file));
    }
    return true;
  }

  @Override
  protected int load(Path path, Settings settings) throws IOException {
    files = new MMapDirectory(path);
    reader = DirectoryReader.open(files);
    return reader.maxDoc();
  }

  @Override
  protected void build(float[][] rows, Settings settings, int threads) throws IOException {
    directory = Files.createTempDirectory("lucene-peer-");
    files = new MMapDirectory(directory);
    ExecutorService workers = threads == 1 ? null : Executors.newFixedThreadPool(threads);
    int rowsPerSegment = Math.max(100, rows.length / SEGMENTS);
    // A segment gets a graph where a search for so many would visit fewer rows than it has.
    int bypass = (int) (rowsPerSegment / Math.log(rowsPerSegment)) + 1;
    KnnVectorsFormat format =
        variant.equals("int8")
            ? new Lucene104HnswScalarQuantizedVectorsFormat(
                ScalarEncoding.UNSIGNED_BYTE,
                settings.m(),
                settings.efConstruction(),
                threads,
                workers,
                bypass)
            : new Lucene99HnswVectorsFormat(
                settings.m(), settings.efConstruction(), threads, workers, bypass);
    LogDocMergePolicy inOrder = new LogDocMergePolicy();
    inOrder.setMergeFactor(1_000);
    IndexWriterConfig config =
        new IndexWriterConfig()
            .setCodec(codec(new Wide(format)))
            .setRAMBufferSizeMB(RAM_BUFFER_MB)
            .setMaxBufferedDocs(rowsPerSegment)
            .setMergePolicy(inOrder)
            .setMergeScheduler(new SerialMergeScheduler())
            .setUseCompoundFile(false);
    try (IndexWriter writer = new IndexWriter(files, config)) {
      VectorSimilarityFunction similarity = similarity(settings.metric());
      for (float[] row : rows) {
        Document document = new Document();
        document.add(new KnnFloatVectorField(FIELD, row, similarity));
        writer.addDocument(document);
      }
      writer.forceMerge(1);
    } finally {
      if (workers != null) {
        workers.shutdown();
      }
    }
    reader = DirectoryReader.open(files);
  }

  private static VectorSimilarityFunction similarity(String metric) {
    return switch (metric) {
      case "cosine" -> VectorSimilarityFunction.DOT_PRODUCT;
      case "dot" -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
      case "l2" -> VectorSimilarityFunction.EUCLIDEAN;
      default -> throw new IllegalArgumentException("metric: " + metric);
    };
  }

  private static Lucene104Codec codec(KnnVectorsFormat format) {
    return new Lucene104Codec() {
      @Override
      public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
        return format;
      }
    };
  }

  @Override
  protected long bytes() throws IOException {
    long bytes = 0;
    for (String file : files.listAll()) {
      bytes += files.fileLength(file);
    }
    return bytes;
  }

  @Override
  protected Searcher searcher(int ef, int k) throws IOException {
    LeafReader leaf = reader.leaves().get(0).reader();
    AcceptDocs all = AcceptDocs.fromLiveDocs(null, leaf.maxDoc());
    return (query, ids) -> {
      TopKnnCollector found = new TopKnnCollector(ef, Integer.MAX_VALUE);
      leaf.searchNearestVectors(FIELD, queries[query], found, all);
      ScoreDoc[] docs = found.topDocs().scoreDocs;
      if (variant.equals("int8")) {
        docs = reranked(leaf, queries[query], docs, Math.max(3 * k, k + 20));
      }
      for (int i = 0; i < ids.length; i++) {
        ids[i] = i < docs.length ? docs[i].doc : -1;
      }
      return Math.toIntExact(found.visitedCount());
    };
  }

  /**
   * As an application searches: by KnnFloatVectorQuery, which takes to every row that matches where
   * the graph would visit more, and otherwise (since 10.2) looks through rows that do not match for
   * those that do. The filter is a bitmap that it uses as it is.
   */
  @Override
  protected Searcher searcher(int ef, int k, BitSet rows) throws IOException {
    IndexSearcher searcher = new IndexSearcher(reader);
    searcher.setQueryCache(null);
    LeafReader leaf = reader.leaves().get(0).reader();
    Query filter = new RowsQuery(rows, leaf.maxDoc());
    boolean reranks = variant.equals("int8");
    return (query, ids) -> {
      CountingQuery asked = new CountingQuery(queries[query], ef, filter);
      ScoreDoc[] docs = searcher.search(asked, reranks ? ef : k).scoreDocs;
      if (reranks) {
        docs = reranked(leaf, queries[query], docs, Math.max(3 * k, k + 20));
      }
      for (int i = 0; i < ids.length; i++) {
        ids[i] = i < docs.length ? docs[i].doc : -1;
      }
      return Math.toIntExact(asked.visited);
    };
  }

  /** Tells how many rows were visited, which the merged result no longer does. */
  private static final class CountingQuery extends KnnFloatVectorQuery {
    private long visited;

    CountingQuery(float[] target, int ef, Query filter) {
      super(FIELD, target, ef, filter);
    }

    @Override
    protected TopDocs mergeLeafResults(TopDocs[] found) {
      for (TopDocs leaf : found) {
        visited += leaf.totalHits.value();
      }
      return super.mergeLeafResults(found);
    }
  }

  /** Rows that are known. */
  private static final class RowsQuery extends Query {
    private final FixedBitSet rows;
    private final int count;

    RowsQuery(BitSet matching, int rowCount) {
      rows = new FixedBitSet(rowCount);
      matching.stream().forEach(rows::set);
      count = matching.cardinality();
    }

    @Override
    public Weight createWeight(IndexSearcher searcher, ScoreMode scoreMode, float boost) {
      return new ConstantScoreWeight(this, boost) {
        @Override
        public ScorerSupplier scorerSupplier(LeafReaderContext context) {
          return ConstantScoreScorerSupplier.fromIterator(
              new BitSetIterator(rows, count), score(), scoreMode, context.reader().maxDoc());
        }

        @Override
        public boolean isCacheable(LeafReaderContext context) {
          return false;
        }
      };
    }

    @Override
    public void visit(QueryVisitor visitor) {
      visitor.visitLeaf(this);
    }

    @Override
    public String toString(String field) {
      return count + " rows";
    }

    @Override
    public boolean equals(Object other) {
      return sameClassAs(other) && rows.equals(((RowsQuery) other).rows);
    }

    @Override
    public int hashCode() {
      return 31 * classHash() + count;
    }
  }

  /** The best {@code count} of {@code docs}, scored by their float32 rows. */
  private static ScoreDoc[] reranked(LeafReader leaf, float[] query, ScoreDoc[] docs, int count)
      throws IOException {
    ScoreDoc[] best = Arrays.copyOf(docs, Math.min(count, docs.length));
    Arrays.sort(best, Comparator.comparingInt(doc -> doc.doc));
    VectorScorer scorer = leaf.getFloatVectorValues(FIELD).rescorer(query);
    DocIdSetIterator iterator = scorer.iterator();
    for (ScoreDoc doc : best) {
      iterator.advance(doc.doc);
      doc.score = scorer.score();
    }
    Arrays.sort(best, Comparator.comparingDouble(doc -> -doc.score));
    return best;
  }

  /** A format for rows wider than the 1,024 that Lucene allows unasked. */
  private static final class Wide extends KnnVectorsFormat {
    private final KnnVectorsFormat format;

    Wide(KnnVectorsFormat format) {
      super(format.getName());
      this.format = format;
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return format.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return format.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return DIMENSION_MAX;
    }
  }
}
