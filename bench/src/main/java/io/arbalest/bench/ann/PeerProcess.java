package io.arbalest.bench.ann;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A peer in a process of its own, spoken to by one JSON object a line (bench/peers/peer.py
 * describes the protocol). It lives through the whole run, so that contenders can take turns, and
 * times its own loop, so that the pipe is in no figure.
 */
public final class PeerProcess implements Contender {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long EXIT_SECONDS_MAX = 10;

  private final String system;
  private final String variant;
  private final Process process;
  private final BufferedWriter requests;
  private final BufferedReader answers;
  private final Path errors;
  private final Path ids;
  private final KeptIndexes kept;
  private final String about;

  /**
   * Starts the process and lets it read its data.
   *
   * @param kept where indexes are kept between runs; null where each is built anew
   * @param scratch a directory that outlives the peer
   * @throws IOException with the end of what the process printed, if it does not answer
   */
  PeerProcess(
      String system,
      String variant,
      List<String> command,
      PeerData data,
      KeptIndexes kept,
      Path scratch)
      throws IOException {
    this.system = system;
    this.variant = variant;
    this.kept = kept;
    errors = scratch.resolve(system + "-" + variant + ".stderr");
    ids = scratch.resolve(system + "-" + variant + ".ids");
    process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    requests = new BufferedWriter(process.outputWriter(StandardCharsets.UTF_8));
    answers = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
    ObjectNode open = MAPPER.createObjectNode();
    open.put("do", "open").put("base", data.base().toString());
    open.put("queries", data.queries().toString()).put("metric", data.metric());
    open.put("M", data.m()).put("ef_construction", data.efConstruction());
    try {
      about = "version " + ask(open).path("version").asText();
    } catch (IOException e) {
      try {
        close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  @Override
  public String system() {
    return system;
  }

  @Override
  public String variant() {
    return variant;
  }

  @Override
  public String about() {
    return about;
  }

  @Override
  public Build build(int threads) throws IOException {
    if (kept == null) {
      return builtAnew(threads);
    }
    KeptIndexes.Place place = kept.place(system, variant, about, threads);
    Optional<Build> before = place.read();
    if (before.isPresent() && load(place)) {
      return before.get();
    }
    Build built = builtAnew(threads);
    save(place, built);
    return built;
  }

  /** Whether the peer now has the index kept there; one that it cannot read is built anew. */
  private boolean load(KeptIndexes.Place place) throws IOException {
    try {
      int rows = ask(about(place, "load")).path("rows").asInt();
      if (rows == kept.rows()) {
        return true;
      }
      System.err.println(place.index() + " has " + rows + " rows, not " + kept.rows());
    } catch (PeerRefusedException e) {
      System.err.println(place.index() + " was not loaded: " + e.getMessage());
    }
    return false;
  }

  /** Keeps what was built, where the peer can; what it cannot does not touch the run. */
  private void save(KeptIndexes.Place place, Build built) throws IOException {
    place.clear();
    try {
      if (ask(about(place, "save")).path("saved").asBoolean()) {
        place.write(built);
      }
    } catch (PeerRefusedException e) {
      System.err.println(name() + " was not kept: " + e.getMessage());
      place.clear();
    }
  }

  private static ObjectNode about(KeptIndexes.Place place, String request) {
    return MAPPER.createObjectNode().put("do", request).put("path", place.index().toString());
  }

  private Build builtAnew(int threads) throws IOException {
    JsonNode answer = ask(MAPPER.createObjectNode().put("do", "build").put("threads", threads));
    return new Build(
        answer.path("seconds").asDouble(),
        answer.path("bytes").asLong(),
        answer.path("resident_bytes").asLong());
  }

  @Override
  public Run search(int ef, int k, int threads, double secondsMin) throws IOException {
    ObjectNode request = MAPPER.createObjectNode();
    request.put("do", "search").put("ef", ef).put("k", k).put("threads", threads);
    request.put("seconds_min", secondsMin).put("out", ids.toString());
    JsonNode answer = ask(request);
    double qps = answer.path("queries").asDouble() / answer.path("seconds").asDouble();
    return new Run(
        readIds(k),
        qps,
        number(answer, "p50_us"),
        number(answer, "p99_us"),
        number(answer, "distances"));
  }

  /**
   * Has {@link #searchFiltered} answer every query by the rows of its part.
   *
   * @param parts none to learn whether the peer has filters
   * @param rows of the base
   * @param any breadths for a peer that has no limits of its own
   * @return breadths worth asking this peer for
   * @throws PeerRefusedException with the reason, where it has none
   */
  public Breadths filter(List<RowFilter> parts, int rows, Breadths any) throws IOException {
    Path file = ids.resolveSibling(system + "-" + variant + ".parts");
    RowFilter.write(file, parts, rows);
    ObjectNode request = MAPPER.createObjectNode().put("do", "filter");
    JsonNode answer = ask(request.put("parts", file.toString()));
    return new Breadths(
        answer.path("ef_min").asInt(any.min()), answer.path("ef_max").asInt(any.max()));
  }

  /** Answers the queries of all parts on one thread, under the filters that it was given last. */
  public FilteredRun searchFiltered(int ef, int k) throws IOException {
    ObjectNode request = MAPPER.createObjectNode().put("do", "filtered");
    JsonNode answer = ask(request.put("ef", ef).put("k", k).put("out", ids.toString()));
    double meanUs = answer.path("mean_us").asDouble();
    return new FilteredRun(readIds(k), meanUs, number(answer, "distances"));
  }

  private static Double number(JsonNode answer, String name) {
    return answer.path(name).isNumber() ? (Double) answer.path(name).asDouble() : null;
  }

  @Override
  public void close() throws IOException {
    try {
      requests.close();
      if (!process.waitFor(EXIT_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } finally {
      answers.close();
    }
  }

  private int[][] readIds(int k) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(ids)).order(ByteOrder.LITTLE_ENDIAN);
    int[][] rows = new int[bytes.remaining() / (4 * k)][k];
    for (int[] row : rows) {
      for (int i = 0; i < k; i++) {
        row[i] = bytes.getInt();
      }
    }
    return rows;
  }

  private JsonNode ask(ObjectNode request) throws IOException {
    String line;
    try {
      requests.write(MAPPER.writeValueAsString(request));
      requests.newLine();
      requests.flush();
      line = answers.readLine();
    } catch (IOException e) {
      throw new PeerFailedException(ending(), e);
    }
    if (line == null) {
      throw new PeerFailedException(ending());
    }
    JsonNode answer = MAPPER.readTree(line);
    if (answer.has("error")) {
      throw new PeerRefusedException(answer.get("error").asText());
    }
    return answer;
  }

  /** How the process ended and the last that it printed; a signal shows as 128 and its number. */
  private String ending() throws IOException {
    String how = "it closed its output and goes on";
    try {
      if (process.waitFor(EXIT_SECONDS_MAX, TimeUnit.SECONDS)) {
        how = "it ended with exit code " + process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Libraries print in encodings of their own.
    List<String> lines =
        Files.readString(errors, StandardCharsets.ISO_8859_1)
            .lines()
            .filter(line -> !line.isBlank())
            .toList();
    return how + ": " + (lines.isEmpty() ? "it printed nothing" : lines.get(lines.size() - 1));
  }

  /** The least and the greatest breadth worth asking for. */
  public record Breadths(int min, int max) {}

  /**
   * @param answers [queries][k] row numbers; -1 where fewer were found, and for queries of no part
   * @param meanUs processor time a query, in microseconds
   * @param distances computed a query, by the library's own count; null where it has none
   */
  public record FilteredRun(int[][] answers, double meanUs, Double distances) {}

  /**
   * What every peer is given.
   *
   * @param base a file that {@code bench ann} takes
   * @param queries the same
   * @param metric as {@code --metric} says it
   * @param m links of a node and upper level; level 0 has twice as many
   * @param efConstruction breadth of the search that finds a new node's neighbors
   */
  public record PeerData(Path base, Path queries, String metric, int m, int efConstruction) {}
}
