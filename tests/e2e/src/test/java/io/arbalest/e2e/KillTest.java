package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the server in the middle of writes, again and again, and compares what it has after each
 * restart with what it had acknowledged. {@code -Darbalest.killRounds=N} for more rounds, {@code
 * -Darbalest.killSeed=S} to repeat a run.
 */
class KillTest {
  private static final String DATASET = "d";
  private static final int WRITERS = 2;
  private static final int LIFE_MILLIS_MAX = 400;
  private static final int PROBES = 5;

  @TempDir Path directory;
  private final KillOracle oracle = new KillOracle();
  private final KillTexts texts = new KillTexts();

  @Test
  void nothingAcknowledgedIsLostAndNothingDeletedComesBack() throws Exception {
    int rounds = Integer.getInteger("arbalest.killRounds", 50);
    long seed = Long.getLong("arbalest.killSeed", 0);
    seed = seed == 0 ? System.nanoTime() : seed;
    System.out.println("kill test: " + rounds + " rounds, -Darbalest.killSeed=" + seed);
    Random random = new Random(seed);
    long start = System.nanoTime();
    long acknowledged = 0;
    for (int round = 0; round < rounds; round++) {
      try (ChildServer server = startServer()) {
        verify(server, random, "round " + round + " of seed " + seed);
        acknowledged += write(server, random, round, true);
      }
    }
    try (ChildServer server = startServer()) {
      verify(server, random, "after the last round of seed " + seed);
      // Not only recovery has made the index of texts what it is.
      acknowledged += write(server, random, rounds, false);
      verify(server, random, "after writes without a kill, seed " + seed);
      assertThat(server.terminate()).isEqualTo(143);
    }
    // A test that never wrote would find nothing lost, too.
    assertThat(acknowledged).isGreaterThan(rounds * 5L);
    System.out.printf(
        "kill test: %d rounds, %d writes acknowledged, %d rows live, %.2f s a round%n",
        rounds, acknowledged, oracle.live(), (System.nanoTime() - start) / 1e9 / rounds);
  }

  private ChildServer startServer() throws IOException {
    // Small segments and snapshots: kills fall into rolling, snapshots and trims as well.
    return ChildServer.start(
        directory.resolve("data"),
        directory.resolve("server.log"),
        "--http-port",
        "-1",
        "--config",
        KillTest.class.getResource("kill.properties").getPath());
  }

  /** Scans everything, compares, and finds some rows by their vectors and all by their texts. */
  private void verify(ChildServer server, Random random, String when) {
    try (ArbalestClient client = ArbalestClient.connect(server.uri())) {
      List<ObjectNode> rows = new ArrayList<>();
      if (!client.datasets().isEmpty()) {
        try (ResultStream scan = client.scan(ScanQuery.of(DATASET).withVectorsAs("float32"))) {
          rows.addAll(LiveServer.rows(scan));
        }
      }
      Map<Long, Long> found = new HashMap<>();
      for (ObjectNode row : rows) {
        long id = row.get("id").longValue();
        long version = row.get("version").longValue();
        assertThat(found.put(id, version)).as("%s: id %s twice", when, id).isNull();
        // The vector and the text say the same as the column: none comes from another write.
        assertThat(row.get("vector").get(0).floatValue())
            .isEqualTo(version % KillWriter.VERSIONS_IN_VECTOR);
        assertThat(row.get(KillTexts.COLUMN).textValue()).isEqualTo(KillTexts.text(id, version));
      }
      oracle.check(found);
      for (int i = 0; i < PROBES && !rows.isEmpty(); i++) {
        probe(client, rows.get(random.nextInt(rows.size())), when);
      }
      texts.check(client, DATASET, found);
    } catch (AssertionError e) {
      throw new AssertionError(when + ": " + e.getMessage(), e);
    }
  }

  private static void probe(ArbalestClient client, ObjectNode row, String when) {
    float[] vector = new float[KillWriter.DIMENSION];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = row.get("vector").get(i).floatValue();
    }
    try (ResultStream hits =
        client.search(SearchQuery.of(DATASET).vector(vector).k(1).exact(true))) {
      List<ObjectNode> nearest = LiveServer.rows(hits);
      assertThat(nearest).as(when).hasSize(1);
      assertThat(nearest.get(0).get("id")).as(when).isEqualTo(row.get("id"));
    }
  }

  /** Lets writers write until the server is killed, or they are told to finish, at random. */
  private long write(ChildServer server, Random random, int round, boolean kill) throws Exception {
    List<KillWriter> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new KillWriter(server.uri(), DATASET, i, round, random.nextLong(), oracle));
    }
    writers.forEach(Thread::start);
    Await.until(
        "a first acknowledgement", () -> writers.stream().anyMatch(w -> w.acknowledged() > 0));
    LockSupport.parkNanos(random.nextInt(LIFE_MILLIS_MAX) * 1_000_000L);
    if (kill) {
      server.kill();
    } else {
      writers.forEach(KillWriter::finish);
    }
    long acknowledged = 0;
    for (KillWriter writer : writers) {
      writer.join();
      writer.throwIfSurprised();
      acknowledged += writer.acknowledged();
    }
    return acknowledged;
  }

  @Test
  void theOracleSeesALostWriteAndAResurrectedRow() {
    KillOracle small = new KillOracle();
    small.sent(Set.of(1L, 2L), 10);
    small.acknowledged(Set.of(1L, 2L));
    small.sent(Set.of(1L), KillOracle.ABSENT);
    small.sent(Set.of(2L), 11);
    small.acknowledged(Set.of(1L));
    assertThat(failureOf(small, Map.of(1L, 10L, 2L, 10L))).contains("id 1: found version 10");
    assertThat(failureOf(small, Map.of())).contains("id 2: found nothing");
    assertThat(failureOf(small, Map.of(2L, 12L))).contains("id 2: found version 12");
    assertThat(failureOf(small, Map.of(2L, 10L, 3L, 1L))).contains("never written");
    small.check(Map.of(2L, 11L));
    assertThat(failureOf(small, Map.of(2L, 10L))).contains("acknowledged version 11");
  }

  @Test
  void theTextsTellARowThatIsMissingOneTooManyAndOneOfAnotherVersion() throws IOException {
    try (LiveServer live = LiveServer.start(directory);
        VectorSchemaRoot first = KillWriter.batch(live.client(), Set.of(1L, 2L, 5L), 4);
        VectorSchemaRoot second = KillWriter.batch(live.client(), Set.of(2L), 6)) {
      live.client().put(DATASET, first);
      live.client().put(DATASET, second);
      live.client().delete(DATASET, 5);
      texts.check(live.client(), DATASET, Map.of(1L, 4L, 2L, 6L));
      for (Map<Long, Long> other :
          List.of(
              Map.of(1L, 4L),
              Map.of(1L, 4L, 2L, 6L, 5L, 4L),
              Map.of(1L, 4L, 2L, 4L),
              Map.of(1L, 6L, 2L, 4L))) {
        assertThatThrownBy(() -> texts.check(live.client(), DATASET, other))
            .isInstanceOf(AssertionError.class)
            .hasMessageContaining("ids of the rows with the word '");
      }
    }
  }

  private static String failureOf(KillOracle oracle, Map<Long, Long> found) {
    try {
      oracle.check(found);
    } catch (AssertionError e) {
      return e.getMessage();
    }
    return "no failure";
  }

  @Test
  void aServerThatIsToldToStopStopsCleanly() throws Exception {
    try (ChildServer server = startServer()) {
      try (ArbalestClient client = ArbalestClient.connect(server.uri());
          VectorSchemaRoot batch = Batches.random(client.allocator(), 0, 10, 8, 1)) {
        client.put("other", batch);
      } catch (FlightRuntimeException e) {
        throw new AssertionError("the put failed: " + e.status(), e);
      }
      assertThat(server.terminate()).isEqualTo(143);
    }
    assertThat(Files.readString(directory.resolve("server.log")))
        .contains("stopped")
        .doesNotContain("ERROR");
  }
}
