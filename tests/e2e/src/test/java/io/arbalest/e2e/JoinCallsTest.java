package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.DedupQuery;
import io.arbalest.client.KnnJoinQuery;
import io.arbalest.client.ResultStream;
import io.arbalest.server.cli.ArbalestCommand;
import io.arbalest.server.cli.io.Cells;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code knn-join} and {@code dedup}, over the wire and by the command line. */
class JoinCallsTest {
  private static final int DIMENSION = 16;

  @TempDir Path directory;
  private LiveServer live;

  @BeforeEach
  void start() throws IOException {
    live = LiveServer.start(directory.resolve("data"));
    put("points", new float[][] {{0, 0}, {1, 0}, {0, 4}, {1, 0.5f}}, 1);
    put("poles", new float[][] {{2, 0}, {0, 5}, {-9, -9}}, 100);
  }

  @AfterEach
  void stop() {
    live.close();
  }

  private void put(String dataset, float[][] vectors, long firstId) {
    long[] ids = new long[vectors.length];
    String[] names = new String[vectors.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = firstId + i;
      names[i] = dataset + i;
    }
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .ids("id", ids)
            .vectors("vector", Batches.SINGLE, vectors)
            .texts("name", names)
            .root(Map.of("arbalest.metric", "l2"))) {
      live.client().put(dataset, batch);
    }
  }

  private static List<String> pairs(List<ObjectNode> rows, String a, String b) {
    return rows.stream()
        .map(row -> row.get(a).asText() + " " + row.get(b).asText() + " " + row.get("distance"))
        .toList();
  }

  @Test
  void joinsTwoDatasets() {
    try (ResultStream pairs =
        live.client().knnJoin(KnnJoinQuery.of("points", "poles").k(1).columns("name"))) {
      List<ObjectNode> rows = LiveServer.rows(pairs);
      assertThat(pairs(rows, "left_id", "right_id"))
          .containsExactly("1 100 4.0", "2 100 1.0", "3 101 1.0", "4 100 1.25");
      assertThat(rows.get(2).get("name").textValue()).isEqualTo("poles1");
      assertThat(pairs.stats().orElseThrow().strategy()).isEqualTo("exact");
      assertThat(pairs.stats().orElseThrow().exhausted()).isFalse();
    }
  }

  @Test
  void aDatasetJoinedWithItselfLeavesOutTheRowItself() {
    try (ResultStream pairs =
        live.client().knnJoin(KnnJoinQuery.of("points", "points").k(5).maxDistance(1.5))) {
      assertThat(pairs(LiveServer.rows(pairs), "left_id", "right_id"))
          .containsExactly("1 2 1.0", "1 4 1.25", "2 4 0.25", "2 1 1.0", "4 2 0.25", "4 1 1.25");
      assertThat(pairs.stats().orElseThrow().exhausted()).isTrue();
    }
  }

  @Test
  void findsPairs() {
    try (ResultStream pairs = live.client().dedup(DedupQuery.of("points", 1))) {
      assertThat(pairs(LiveServer.rows(pairs), "id_a", "id_b"))
          .containsExactlyInAnyOrder("1 2 1.0", "2 4 0.25");
    }
    try (ResultStream none = live.client().dedup(DedupQuery.of("poles", 1))) {
      assertThat(LiveServer.rows(none)).isEmpty();
      assertThat(none.stats().orElseThrow().strategy()).isEqualTo("exact");
    }
  }

  private List<ObjectNode> get(String ticket) {
    byte[] json = ticket.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    List<ObjectNode> rows = new ArrayList<>();
    try (FlightStream stream = live.client().flight().getStream(new Ticket(json))) {
      while (stream.next()) {
        for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
          rows.add(Cells.row(stream.getRoot(), row));
        }
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return rows;
  }

  @Test
  void filtersHoldOnBothSides() {
    String join =
        "{'knn-join':{'left':'points','right':'poles','k':1,"
            + "'left_filter':{'field':'name','op':'in','value':['points0','points2']},"
            + "'right_filter':{'field':'name','op':'!=','value':'poles0'}}}";
    assertThat(pairs(get(join), "left_id", "right_id")).containsExactly("1 101 25.0", "3 101 1.0");
    String dedup =
        "{'dedup':{'dataset':'points','max_distance':1.5,"
            + "'filter':{'field':'name','op':'!=','value':'points1'}}}";
    assertThat(pairs(get(dedup), "id_a", "id_b")).containsExactly("1 4 1.25");
  }

  @Test
  void joinsRowsThatStreamIn() throws Exception {
    String command = "{\"knn-join\":{\"right\":\"poles\",\"k\":1,\"columns\":[\"name\"]}}";
    FlightDescriptor descriptor =
        FlightDescriptor.command(command.getBytes(StandardCharsets.UTF_8));
    try (FlightClient.ExchangeReaderWriter exchange =
            live.client().flight().doExchange(descriptor);
        VectorSchemaRoot rows =
            Batches.in(live.allocator())
                .texts("query", "a", "b")
                .vectors("vector", Batches.SINGLE, new float[][] {{1, 0}, {0, 4}})
                .root(Map.of())) {
      exchange.getWriter().start(rows);
      List<String> found = new ArrayList<>();
      for (int batch = 0; batch < 3; batch++) {
        exchange.getWriter().putNext();
        // answered although the client has sent no end
        assertThat(exchange.getReader().next()).isTrue();
        VectorSchemaRoot root = exchange.getReader().getRoot();
        for (int i = 0; i < root.getRowCount(); i++) {
          found.add(
              root.getVector("left_id").getObject(i) + " " + root.getVector("name").getObject(i));
        }
      }
      exchange.getWriter().completed();
      assertThat(exchange.getReader().next()).isTrue(); // how it was found, without rows
      assertThat(exchange.getReader().next()).isFalse();
      assertThat(found)
          .containsExactly("a poles0", "b poles1", "a poles0", "b poles1", "a poles0", "b poles1");
    }
  }

  @Test
  void tellsTheSchemaOfAJoin() {
    String ticket = "{\"knn-join\":{\"left\":\"points\",\"right\":\"poles\",\"columns\":[\"*\"]}}";
    assertThat(
            live.client()
                .flight()
                .getInfo(FlightDescriptor.command(ticket.getBytes(StandardCharsets.UTF_8)))
                .getSchemaOptional()
                .orElseThrow()
                .getFields())
        .extracting(field -> field.getName())
        .containsExactly("left_id", "right_id", "distance", "name");
  }

  @Test
  void aReaderMayLeaveInTheMiddle() {
    for (int i = 0; i < 8; i++) {
      try (VectorSchemaRoot batch =
          Batches.random(live.allocator(), i * 1000L, 1000, DIMENSION, i)) {
        live.client().put("many", batch);
      }
    }
    try (ResultStream pairs =
        live.client().knnJoin(KnnJoinQuery.of("many", "many").k(100).exact(true))) {
      assertThat(pairs.next()).isTrue();
    } // closed early; the server's memory is looked at when it stops
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "INVALID_ARGUMENT | {'knn-join':{'left':'points'}} | knn-join.right: missing",
        "INVALID_ARGUMENT | {'knn-join':{'left':'points','right':'poles','kk':1}} | knn-join.kk",
        "INVALID_ARGUMENT | {'knn-join':{'left':'points','right':'poles','k':0}} | knn-join.k",
        "INVALID_ARGUMENT | {'knn-join':{'left':'points','right':'points','k':10000}} | 1..9999",
        "NOT_FOUND        | {'knn-join':{'left':'points','right':'x'}} | 'x'",
        "INVALID_ARGUMENT | {'knn-join':{'left':'points','right':'poles','columns':['wrod']}}"
            + " | wrod",
        "INVALID_ARGUMENT | {'dedup':{'dataset':'points'}} | dedup.max_distance: missing",
        "INVALID_ARGUMENT | {'dedup':{'dataset':'points','max_distance':'1'}} | max_distance",
        "INVALID_ARGUMENT | {'dedup':{'dataset':'points','max_distance':1,'limit':-1}} | limit",
        "NOT_FOUND        | {'dedup':{'dataset':'x','max_distance':1}} | 'x'",
      })
  void refusesABadTicket(FlightStatusCode code, String ticket, String message) {
    byte[] json = ticket.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(
            () -> {
              try (FlightStream stream = live.client().flight().getStream(new Ticket(json))) {
                stream.next();
              }
            })
        .isInstanceOfSatisfying(
            FlightRuntimeException.class, e -> assertThat(e.status().code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @Test
  void theCommandLineWritesPairs() throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String uri = live.server().uri();
    Path file = directory.resolve("pairs.csv");
    assertThat(
            run(
                out,
                err,
                "knn-join",
                "--server",
                uri,
                "--left",
                "points",
                "--right",
                "poles",
                "-k",
                "1",
                "--out",
                file.toString()))
        .as(err.toString())
        .isZero();
    assertThat(Files.readAllLines(file))
        .hasSize(5)
        .startsWith("left_id,right_id,distance", "1,100,4.0");
    assertThat(err.toString()).contains("strategy exact, 12 rows looked at");
    assertThat(
            run(
                out,
                err,
                "dedup",
                "--server",
                uri,
                "--dataset",
                "points",
                "--max-distance",
                "0.25"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).isEqualTo("{\"id_a\":2,\"id_b\":4,\"distance\":0.25}\n");
  }

  private static int run(StringWriter out, StringWriter err, String... arguments) {
    return ArbalestCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
