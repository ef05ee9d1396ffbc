package io.arbalest.bench.ann;

import io.arbalest.bench.peers.JavaPeer;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.IndexStats;
import io.arbalest.engine.KernelSet;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.engine.SearchBatch;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.Strategy;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.server.cli.io.VectorFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/** Arbalest in this process, through the Java API that an application would use. */
final class ArbalestContender implements Contender {

  /** Rows of one append: bounds the Arrow buffers, not the index. */
  private static final int APPEND_ROWS = 16_384;

  /** Rows that a thread takes for the graph at a time. */
  private static final int LINK_ROWS = 256;

  /** Queries that latencies are taken of where each is compared with every row. */
  private static final int LATENCIES_EXACT = 50;

  /**
   * Queries of an Arrow batch, at least, where there are so many. Threads take one batch after the
   * other; one thread searches the same batches as two do, so that their ratio is of threads alone.
   */
  private static final int BATCH_QUERIES = 128;

  /**
   * What the index is built with.
   *
   * @param variant how this entry is called beside others of Arbalest
   * @param strategy of its searches; with {@link Strategy#EXACT} there is no graph to build
   */
  record Settings(
      String variant,
      Metric metric,
      ElementType element,
      Codes codes,
      Layout layout,
      KernelSet kernelSet,
      int m,
      int efConstruction,
      Strategy strategy) {}

  private final Settings settings;
  private final VectorFile baseFile;
  private final float[][] queries;
  private final BufferAllocator allocator;
  private VectorIndex index;
  private boolean warm;

  /**
   * @param baseFile read at each build; open as long as this
   * @param allocator parent of all Arrow memory; closed by the caller after this
   */
  ArbalestContender(
      Settings settings, VectorFile baseFile, float[][] queries, BufferAllocator allocator) {
    this.settings = settings;
    this.baseFile = baseFile;
    this.queries = queries;
    this.allocator = allocator;
  }

  @Override
  public String system() {
    return "arbalest";
  }

  @Override
  public String variant() {
    return settings.variant();
  }

  @Override
  public String about() {
    String about = "kernel set " + settings.kernelSet().name();
    return index == null ? about : about + ", traverses " + index.stats().codes().wireName();
  }

  @Override
  public Build build(int threads) throws IOException, InterruptedException {
    closeIndex();
    long before = MachineFacts.residentBytes();
    double seconds = timedBuild(threads);
    long grown = MachineFacts.residentBytes() - before;
    IndexStats stats = index.stats();
    if (hasGraph() && stats.pending() != 0) {
      throw new IOException(stats.pending() + " rows are not in the graph after the build");
    }
    long bytes = stats.vectorBytes() + stats.codeBytes() + stats.graphBytes() + stats.idBytes();
    return new Build(seconds, bytes, grown);
  }

  /** Reads the rows before the clock starts; afterwards only the index is in memory. */
  private double timedBuild(int threads) throws IOException, InterruptedException {
    List<FixedSizeListVector> rows = new ArrayList<>();
    List<BigIntVector> ids = new ArrayList<>();
    try {
      for (int first = 0; first < baseFile.rows(); first += APPEND_ROWS) {
        int count = Math.min(APPEND_ROWS, baseFile.rows() - first);
        rows.add(VectorColumns.read(baseFile, first, count, allocator));
        ids.add(VectorColumns.ids(first, count, allocator));
      }
      long start = System.nanoTime();
      index =
          VectorIndex.builder(queries[0].length)
              .metric(settings.metric())
              .element(settings.element())
              .codes(settings.codes())
              .layout(settings.layout())
              .m(settings.m())
              .efConstruction(settings.efConstruction())
              .kernelSet(settings.kernelSet())
              .build();
      for (int i = 0; i < rows.size(); i++) {
        index.append(ids.get(i), rows.get(i));
      }
      if (hasGraph()) {
        buildGraph(threads);
      }
      return (System.nanoTime() - start) / 1e9;
    } finally {
      rows.forEach(FixedSizeListVector::close);
      ids.forEach(BigIntVector::close);
    }
  }

  private boolean hasGraph() {
    return settings.strategy() != Strategy.EXACT;
  }

  private void buildGraph(int threads) throws IOException, InterruptedException {
    onThreads(
        threads,
        () -> {
          while (index.link(LINK_ROWS) > 0) {
            // Each call takes the next rows nobody has; none are left when it returns 0.
          }
          return null;
        });
    index.freeze();
  }

  @Override
  public Run search(int ef, int k, int threads, double secondsMin)
      throws IOException, InterruptedException {
    return search(
        SearchOptions.k(k).ef(Math.max(ef, k)).strategy(settings.strategy()), threads, secondsMin);
  }

  /** The same with any options. */
  Run search(SearchOptions options, int threads, double secondsMin)
      throws IOException, InterruptedException {
    warmUp(options, threads);
    List<FixedSizeListVector> batches = batches(parts(threads));
    try {
      int[][] answers = new int[queries.length][];
      long distances = answer(batches, options, answers);
      double qps = queries.length * passesPerSecond(batches, options, threads, secondsMin);
      double[] micros = threads == 1 ? latencies(options) : null;
      return new Run(
          answers,
          qps,
          micros == null ? null : (Double) micros[micros.length / 2],
          micros == null ? null : (Double) micros[(int) (micros.length * 0.99)],
          (double) distances / queries.length);
    } finally {
      batches.forEach(FixedSizeListVector::close);
    }
  }

  /** The queries in so many Arrow batches, to be closed by the caller. */
  private List<FixedSizeListVector> batches(int parts) {
    List<FixedSizeListVector> batches = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int first = (int) ((long) queries.length * part / parts);
      int end = (int) ((long) queries.length * (part + 1) / parts);
      batches.add(VectorColumns.of(queries, first, end - first, allocator));
    }
    return batches;
  }

  /** An exact search shares what it reads of the rows among all queries of a batch. */
  private int parts(int threads) {
    return hasGraph() ? Math.max(1, queries.length / BATCH_QUERIES) : threads;
  }

  /**
   * Searches by the graph until the JVM has compiled all that a turn runs, as Java peers do: its
   * compiler takes the core that a second thread is to have. It compiles what was called thousands
   * of times, which takes seconds with batches of one query, minutes with those of a turn; these
   * are among them, because what it has not seen it compiles anew when it comes. An exact search is
   * so long that the code around it does not count.
   */
  private void warmUp(SearchOptions options, int threads) throws IOException, InterruptedException {
    if (warm || !hasGraph()) {
      return;
    }
    double seconds = JavaPeer.WARM_UP_SECONDS / 2;
    List<FixedSizeListVector> batches = batches(queries.length);
    try {
      batches.addAll(batches(parts(threads)));
      passesPerSecond(batches, options, threads, seconds);
      int[][] answers = new int[2 * queries.length][];
      for (Passes rest = new Passes(1, seconds); rest.take() >= 0; ) {
        answer(batches, options, answers);
        latencies(options);
      }
    } finally {
      batches.forEach(FixedSizeListVector::close);
    }
    warm = true;
  }

  @Override
  public void close() {
    closeIndex();
  }

  private void closeIndex() {
    if (index != null) {
      index.close();
      index = null;
    }
  }

  private double passesPerSecond(
      List<FixedSizeListVector> batches, SearchOptions options, int threads, double secondsMin)
      throws IOException, InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      long start = System.nanoTime();
      Passes passes = new Passes(batches.size(), secondsMin);
      run(pool, threads, () -> searchBatches(batches, passes, options));
      return passes.begun() / ((System.nanoTime() - start) / 1e9);
    } finally {
      pool.shutdown();
    }
  }

  private Void searchBatches(
      List<FixedSizeListVector> batches, Passes passes, SearchOptions options) {
    for (int i = passes.take(); i >= 0; i = passes.take()) {
      index.search(batches.get(i), options, allocator).close();
    }
    return null;
  }

  /** Fills {@code answers}; returns the distances computed in all. */
  private long answer(List<FixedSizeListVector> batches, SearchOptions options, int[][] answers) {
    long distances = 0;
    int[] row = new int[options.k()];
    int first = 0;
    for (FixedSizeListVector batch : batches) {
      try (SearchBatch hits = index.search(batch, options, allocator)) {
        distances += hits.stats().visited();
        UInt4Vector of = hits.queries();
        int hit = 0;
        for (int query = 0; query < batch.getValueCount(); query++) {
          int count = 0;
          while (hit < of.getValueCount() && of.get(hit) == query) {
            row[count++] = (int) hits.ids().get(hit++);
          }
          answers[first + query] = Arrays.copyOf(row, count);
        }
      }
      first += batch.getValueCount();
    }
    return distances;
  }

  private double[] latencies(SearchOptions options) {
    double[] micros =
        new double[hasGraph() ? queries.length : Math.min(queries.length, LATENCIES_EXACT)];
    for (int query = 0; query < micros.length; query++) {
      long before = System.nanoTime();
      index.search(queries[query], options);
      micros[query] = (System.nanoTime() - before) / 1e3;
    }
    Arrays.sort(micros);
    return micros;
  }

  private static void onThreads(int threads, Callable<Void> task)
      throws IOException, InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      run(pool, threads, task);
    } finally {
      pool.shutdown();
    }
  }

  private static void run(ExecutorService pool, int threads, Callable<Void> task)
      throws IOException, InterruptedException {
    List<Future<Void>> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(pool.submit(task));
    }
    for (Future<Void> one : running) {
      try {
        one.get();
      } catch (ExecutionException e) {
        throw new IOException("arbalest: " + e.getCause().getMessage(), e.getCause());
      }
    }
  }
}
