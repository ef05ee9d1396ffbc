package io.arbalest.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.bench.ann.Passes;
import io.arbalest.bench.ann.RowFilter;
import io.arbalest.bench.report.MachineFacts;
import io.arbalest.server.cli.io.VectorFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A peer in a JVM of its own, by the protocol of bench/peers/peer.py. What is here is not the
 * library's: reading, threads, clocks. Rows come normalised under cosine.
 */
public abstract class JavaPeer {

  /** How long code of a JVM searches before its first turn, so that it is compiled by then. */
  public static final double WARM_UP_SECONDS = 3;

  private static final int NO_ROW = -1;

  /**
   * What an index is to be.
   *
   * @param metric cosine, dot or l2; under cosine every row has length 1
   * @param m links of a node on the upper levels; level 0 has twice as many
   */
  public record Settings(String metric, int m, int efConstruction) {}

  /** Searches for one thread. */
  public interface Searcher extends AutoCloseable {
    /**
     * Finds the rows nearest to a query.
     *
     * @param query its number
     * @param ids filled from the front
     * @return distances that were computed
     */
    int search(int query, int[] ids) throws IOException;

    @Override
    default void close() throws IOException {}
  }

  private Settings settings;
  private Path base;
  private float[][] queries = {};
  private List<RowFilter> filters = List.of();
  private boolean warm;
  private boolean warmFiltered;

  /** The library's version, and what it runs with. */
  protected abstract String version() throws IOException;

  /** Takes the queries, to bring them into the library's form before a clock runs. */
  protected abstract void queries(float[][] rows) throws IOException;

  /** Releases the index, if there is one. */
  protected abstract void drop() throws IOException;

  /** Builds an index over the rows: all of this is timed. */
  protected abstract void build(float[][] rows, Settings settings, int threads)
      throws IOException, InterruptedException, ExecutionException;

  /** Writes the index to a path where nothing is; false where the library cannot be told to. */
  protected boolean save(Path path) throws IOException {
    return false;
  }

  /**
   * Takes the index that {@link #save} wrote, and returns the number of its rows.
   *
   * @param settings that it was built with
   */
  protected int load(Path path, Settings settings) throws IOException {
    throw new UnsupportedOperationException("load " + path);
  }

  /** The rows that {@link #build} was given, read anew: for an index that was kept without them. */
  protected final float[][] baseRows() throws IOException {
    return read(base);
  }

  /** Memory of the index by the library's own account, vectors included. */
  protected abstract long bytes() throws IOException;

  /** A searcher of breadth {@code ef}, at least {@code k}. */
  protected abstract Searcher searcher(int ef, int k) throws IOException;

  /**
   * The same for answers out of some rows alone.
   *
   * @param rows brought into the library's form here, before a clock runs
   */
  protected abstract Searcher searcher(int ef, int k, BitSet rows) throws IOException;

  /** Serves requests from standard input until it ends. */
  public static void serve(JavaPeer peer) throws IOException {
    // The protocol owns standard output: whatever a library prints goes to standard error.
    PrintStream answers = System.out;
    System.setOut(System.err);
    ObjectMapper mapper = new ObjectMapper();
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
    peer.drop();
  }

  private void answer(JsonNode request, ObjectNode answer)
      throws IOException, ExecutionException, InterruptedException {
    switch (request.path("do").asText()) {
      case "open" -> open(request, answer);
      case "build" -> build(request.path("threads").asInt(), answer);
      case "save" -> answer.put("saved", save(Path.of(request.path("path").asText())));
      case "load" -> load(Path.of(request.path("path").asText()), answer);
      case "search" -> search(request, answer);
      case "filter" -> filters = RowFilter.read(Path.of(request.path("parts").asText()));
      case "filtered" -> filtered(request, answer);
      default -> throw new IllegalArgumentException("do: " + request.path("do"));
    }
  }

  private void open(JsonNode request, ObjectNode answer) throws IOException {
    settings =
        new Settings(
            request.path("metric").asText(),
            request.path("M").asInt(),
            request.path("ef_construction").asInt());
    base = Path.of(request.path("base").asText());
    queries = read(Path.of(request.path("queries").asText()));
    queries(queries);
    answer.put("version", version() + " on Java " + System.getProperty("java.version"));
  }

  private float[][] read(Path path) throws IOException {
    try (VectorFile file = VectorFile.open(path)) {
      float[][] rows = file.readFloats();
      if (settings.metric().equals("cosine")) {
        for (float[] row : rows) {
          normalise(row);
        }
      }
      return rows;
    }
  }

  private static void normalise(float[] row) {
    double sum = 0;
    for (float value : row) {
      sum += (double) value * value;
    }
    float scale = (float) (1 / Math.sqrt(sum));
    for (int i = 0; i < row.length; i++) {
      row[i] *= scale;
    }
  }

  private void build(int threads, ObjectNode answer)
      throws IOException, ExecutionException, InterruptedException {
    drop();
    long before = MachineFacts.residentBytes();
    answer.put("seconds", timedBuild(threads));
    cool();
    answer.put("bytes", bytes());
    answer.put("resident_bytes", MachineFacts.residentBytes() - before);
  }

  private void load(Path path, ObjectNode answer) throws IOException {
    drop();
    answer.put("rows", load(path, settings));
    cool();
  }

  private void cool() {
    warm = false;
    warmFiltered = false;
  }

  /** The rows are this method's own: afterwards only what the library keeps is in memory. */
  private double timedBuild(int threads)
      throws IOException, ExecutionException, InterruptedException {
    float[][] rows = baseRows();
    long start = System.nanoTime();
    build(rows, settings, threads);
    return (System.nanoTime() - start) / 1e9;
  }

  private void search(JsonNode request, ObjectNode answer)
      throws IOException, ExecutionException, InterruptedException {
    int k = request.path("k").asInt();
    int ef = Math.max(request.path("ef").asInt(), k);
    int threads = request.path("threads").asInt();
    List<Searcher> searchers = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int i = 0; i < threads; i++) {
        searchers.add(searcher(ef, k));
      }
      Path out = Path.of(request.path("out").asText());
      answer.put("distances", (double) writeAnswers(out, searchers.get(0), k) / queries.length);
      warmUp(pool, searchers, k);
      long start = System.nanoTime();
      Passes passes = new Passes(queries.length, request.path("seconds_min").asDouble());
      searchAll(pool, searchers, passes, k);
      answer.put("seconds", (System.nanoTime() - start) / 1e9);
      answer.put("queries", (long) queries.length * passes.begun());
      if (threads == 1) {
        latencies(searchers.get(0), k, answer);
      }
    } finally {
      pool.shutdown();
      for (Searcher searcher : searchers) {
        searcher.close();
      }
    }
  }

  /** A new graph is searched by code that the JVM has yet to compile: not what a server runs. */
  private void warmUp(ExecutorService pool, List<Searcher> searchers, int k)
      throws ExecutionException, InterruptedException {
    if (!warm) {
      searchAll(pool, searchers, new Passes(queries.length, WARM_UP_SECONDS), k);
      warm = true;
    }
  }

  /** The queries of each filter one after the other, on this thread. */
  private void filtered(JsonNode request, ObjectNode answer) throws IOException {
    int k = request.path("k").asInt();
    int ef = Math.max(request.path("ef").asInt(), k);
    int[][] found = new int[queries.length][k];
    for (int[] ids : found) {
      Arrays.fill(ids, NO_ROW);
    }
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long nanos = 0;
    long distances = 0;
    int asked = 0;
    for (RowFilter filter : filters) {
      try (Searcher searcher =
          filter.rows() == null ? searcher(ef, k) : searcher(ef, k, filter.rows())) {
        warmUp(searcher, filter.queries(), k);
        long start = clock.getCurrentThreadCpuTime();
        for (int query : filter.queries()) {
          distances += searcher.search(query, found[query]);
        }
        nanos += clock.getCurrentThreadCpuTime() - start;
      }
      asked += filter.queries().length;
    }
    write(Path.of(request.path("out").asText()), found);
    answer.put("mean_us", nanos / 1e3 / asked);
    answer.put("distances", (double) distances / asked);
  }

  private void warmUp(Searcher searcher, int[] asked, int k) throws IOException {
    int[] ids = new int[k];
    long end = System.nanoTime() + (long) (WARM_UP_SECONDS * 1e9);
    for (int i = 0; !warmFiltered; i = (i + 1) % asked.length) {
      searcher.search(asked[i], ids);
      warmFiltered = System.nanoTime() - end > 0;
    }
  }

  /** Threads take the next query until none is left. */
  private static void searchAll(
      ExecutorService pool, List<Searcher> searchers, Passes passes, int k)
      throws ExecutionException, InterruptedException {
    List<Future<?>> threads = new ArrayList<>();
    for (Searcher searcher : searchers) {
      threads.add(
          pool.submit(
              () -> {
                int[] ids = new int[k];
                for (int query = passes.take(); query >= 0; query = passes.take()) {
                  searcher.search(query, ids);
                }
                return null;
              }));
    }
    for (Future<?> thread : threads) {
      thread.get();
    }
  }

  /** Returns the distances computed in all. */
  private long writeAnswers(Path out, Searcher searcher, int k) throws IOException {
    long distances = 0;
    int[][] found = new int[queries.length][k];
    for (int query = 0; query < queries.length; query++) {
      Arrays.fill(found[query], NO_ROW);
      distances += searcher.search(query, found[query]);
    }
    write(out, found);
    return distances;
  }

  private static void write(Path out, int[][] found) throws IOException {
    int k = found.length == 0 ? 0 : found[0].length;
    ByteBuffer bytes =
        ByteBuffer.allocate(found.length * k * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int[] ids : found) {
      for (int id : ids) {
        bytes.putInt(id);
      }
    }
    Files.write(out, bytes.array());
  }

  private void latencies(Searcher searcher, int k, ObjectNode answer) throws IOException {
    double[] micros = new double[queries.length];
    int[] ids = new int[k];
    for (int query = 0; query < micros.length; query++) {
      long before = System.nanoTime();
      searcher.search(query, ids);
      micros[query] = (System.nanoTime() - before) / 1e3;
    }
    Arrays.sort(micros);
    answer.put("p50_us", micros[micros.length / 2]);
    answer.put("p99_us", micros[(int) (micros.length * 0.99)]);
  }
}
