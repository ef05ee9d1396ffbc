package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.DatasetInfo;
import io.arbalest.client.DeleteAck;
import io.arbalest.client.PutAck;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.cli.io.Cells;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.SyncPutListener;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every Flight call, there and back. */
class FlightCallsTest {
  private static final int DIMENSION = 16;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path data;
  private LiveServer live;

  @BeforeEach
  void start() throws IOException {
    live = LiveServer.start(data);
  }

  @AfterEach
  void stop() {
    live.close();
  }

  private void put(String dataset, long first, int rows, long seed) {
    try (VectorSchemaRoot batch = Batches.random(live.allocator(), first, rows, DIMENSION, seed)) {
      live.client().put(dataset, batch);
    }
  }

  private void putWords() {
    float[][] vectors = {{1, 0}, {0, 1}, {1, 1}, {-1, 0}};
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .ids("id", 10, 11, 12, 13)
            .vectors("vector", Batches.SINGLE, vectors)
            .texts("word", "east", "north", "north-east", null)
            .root(Map.of("arbalest.metric", "l2"))) {
      live.client().put("words", batch);
    }
  }

  private static double cosineDistance(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return 1 - dot / Math.sqrt(aa * bb);
  }

  @Test
  void aPutIsAcknowledgedBatchByBatchInTheDocumentedWords() throws Exception {
    SyncPutListener acks = new SyncPutListener();
    try (VectorSchemaRoot batch = Batches.random(live.allocator(), 0, 5, DIMENSION, 1)) {
      ClientStreamListener stream =
          live.client().flight().startPut(FlightDescriptor.path("d"), batch, acks);
      for (int sequence = 1; sequence <= 3; sequence++) {
        stream.putNext();
        // The acknowledgement comes although the stream is open and the client sends no more.
        try (PutResult ack = acks.read()) {
          byte[] json = new byte[(int) ack.getApplicationMetadata().readableBytes()];
          ack.getApplicationMetadata().getBytes(0, json);
          JsonNode node = MAPPER.readTree(json);
          assertThat(node.properties().stream().map(Map.Entry::getKey))
              .containsExactly("sequence", "durable", "indexed_sequence", "slow_down");
          assertThat(node.get("sequence").longValue()).isEqualTo(sequence);
          assertThat(node.get("durable").booleanValue()).isTrue();
          assertThat(node.get("indexed_sequence").isIntegralNumber()).isTrue();
          assertThat(node.get("slow_down").booleanValue()).isFalse();
        }
      }
      stream.completed();
      stream.getResult();
    }
    assertThat(live.client().info("d").rows()).isEqualTo(5);
  }

  @Test
  void pipelinedBatchesAreAcknowledgedInOrder() {
    List<Long> sequences = new ArrayList<>();
    PutOptions options = PutOptions.DEFAULT.withOnAck(ack -> sequences.add(ack.sequence()));
    try (VectorSchemaRoot like = Batches.random(live.allocator(), 0, 1, DIMENSION, 1);
        PutStream stream = live.client().openPut("d", like, options)) {
      for (int batch = 0; batch < 100; batch++) {
        try (VectorSchemaRoot rows =
            Batches.random(live.allocator(), batch * 10L, 10, DIMENSION, batch)) {
          stream.put(rows);
        }
      }
      PutAck last = stream.finish();
      assertThat(last.sequence()).isEqualTo(100);
    }
    assertThat(sequences).hasSize(100).isSorted().doesNotHaveDuplicates();
    assertThat(live.client().info("d").rows()).isEqualTo(1000);
  }

  @Test
  void aStreamWithoutBatchesCreatesTheDataset() {
    SyncPutListener acks = new SyncPutListener();
    try (VectorSchemaRoot like = Batches.random(live.allocator(), 0, 1, DIMENSION, 1)) {
      ClientStreamListener stream =
          live.client().flight().startPut(FlightDescriptor.path("empty"), like, acks);
      stream.completed();
      stream.getResult();
    }
    assertThat(live.client().info("empty").rows()).isZero();
    assertThat(live.ids(SearchQuery.of("empty").vector(Batches.randomVectors(1, DIMENSION, 1)[0])))
        .isEmpty();
  }

  @Test
  void everyTypeOfVectorIsTakenAndFound() {
    float[][] vectors = {{3, 4}, {-4, 3}};
    for (ArrowType type : List.of(Batches.HALF, Batches.SINGLE, Batches.DOUBLE, Batches.INT8)) {
      String name = "v" + Integer.toHexString(type.hashCode());
      try (VectorSchemaRoot batch =
          Batches.in(live.allocator())
              .ids("id", 1, 2)
              .vectors("vector", type, vectors)
              .root(Map.of("arbalest.metric", "l2"))) {
        live.client().put(name, batch);
      }
      List<ObjectNode> hits =
          live.hits(SearchQuery.of(name).vector(-4, 3).k(2).vectorsAs("float32"));
      assertThat(hits.get(0).get("id").longValue()).isEqualTo(2);
      assertThat(hits.get(0).get("distance").doubleValue()).isZero();
      assertThat(hits.get(1).get("distance").doubleValue()).isEqualTo(50);
      assertThat(hits.get(1).get("vector").toString()).isEqualTo("[3.0,4.0]");
    }
  }

  @Test
  void anUpsertReplacesAndADeleteRemoves() {
    put("d", 0, 50, 1);
    put("d", 10, 5, 2);
    assertThat(live.client().info("d").rows()).isEqualTo(50);
    float[] replaced = Batches.randomVectors(50, DIMENSION, 1)[12];
    float[] replacement = Batches.randomVectors(5, DIMENSION, 2)[2];
    ObjectNode nearest = live.hits(SearchQuery.of("d").vector(replacement).k(1)).get(0);
    assertThat(nearest.get("id").longValue()).isEqualTo(12);
    assertThat(nearest.get("distance").doubleValue()).isCloseTo(0, within(1e-3));
    ObjectNode gone = live.hits(SearchQuery.of("d").vector(replaced).k(1)).get(0);
    assertThat(gone.get("distance").doubleValue()).isGreaterThan(0.01);

    DeleteAck ack = live.client().delete("d", 12, 13, 999);
    assertThat(ack.deleted()).isEqualTo(2);
    assertThat(ack.sequence()).isEqualTo(3);
    assertThat(live.client().info("d").rows()).isEqualTo(48);
    assertThat(live.ids(SearchQuery.of("d").vector(replacement).k(50)))
        .hasSize(48)
        .doesNotContain(12L, 13L);
  }

  @Test
  void searchesManyVectorsAndTellsThemApart() {
    put("d", 0, 200, 1);
    float[][] queries = Batches.randomVectors(3, DIMENSION, 9);
    float[][] rows = Batches.randomVectors(200, DIMENSION, 1);
    List<ObjectNode> hits = live.hits(SearchQuery.of("d").vectors(queries).k(4).exact(true));
    assertThat(hits).hasSize(12);
    for (int i = 0; i < hits.size(); i++) {
      ObjectNode hit = hits.get(i);
      int query = hit.get("query").intValue();
      assertThat(query).isEqualTo(i / 4);
      double expected = cosineDistance(queries[query], rows[hit.get("id").intValue()]);
      assertThat(hit.get("distance").doubleValue()).isCloseTo(expected, within(2e-3));
      if (i % 4 > 0) {
        assertThat(hit.get("distance").doubleValue())
            .isGreaterThanOrEqualTo(hits.get(i - 1).get("distance").doubleValue());
      }
    }
  }

  @Test
  void tellsHowItSearched() {
    put("d", 0, 300, 1);
    live.client().flush("d");
    SearchQuery query = SearchQuery.of("d").vector(Batches.randomVectors(1, DIMENSION, 3)[0]);
    try (ResultStream results = live.client().search(query)) {
      assertThat(results.stats()).isEmpty();
      assertThat(LiveServer.rows(results)).hasSize(10);
      assertThat(results.stats().orElseThrow().strategy()).isEqualTo("graph");
      assertThat(results.stats().orElseThrow().visited()).isBetween(10L, 600L);
      assertThat(results.stats().orElseThrow().exhausted()).isFalse();
    }
    try (ResultStream results = live.client().search(query.exact(true).k(500))) {
      assertThat(LiveServer.rows(results)).hasSize(300);
      assertThat(results.stats().orElseThrow().strategy()).isEqualTo("exact");
      assertThat(results.stats().orElseThrow().exhausted()).isTrue();
    }
  }

  @Test
  void returnsColumnsAndVectorsInEveryForm() {
    putWords();
    SearchQuery query = SearchQuery.of("words").vector(1, 1).k(4).columns("word");
    List<ObjectNode> hits = live.hits(query.vectorsAs("none"));
    assertThat(hits.get(0).toString())
        .isEqualTo("{\"query\":0,\"id\":12,\"distance\":0.0,\"word\":\"north-east\"}");
    assertThat(hits.get(3).get("word").isNull()).isTrue();
    assertThat(live.hits(query.vectorsAs("float16")).get(0).get("vector").toString())
        .isEqualTo("[1.0,1.0]");
    assertThat(live.hits(query.vectorsAs("float32")).get(0).get("vector").toString())
        .isEqualTo("[1.0,1.0]");
    for (ObjectNode hit : live.hits(query)) {
      JsonNode sq8 = hit.get("vector");
      float[] row = new float[][] {{1, 0}, {0, 1}, {1, 1}, {-1, 0}}[hit.get("id").intValue() - 10];
      for (int i = 0; i < 2; i++) {
        double value =
            sq8.get("offset").doubleValue()
                + sq8.get("scale").doubleValue() * sq8.get("codes").get(i).intValue();
        assertThat(value).isCloseTo(row[i], within(0.01));
      }
    }
    try (ResultStream results = live.client().search(query)) {
      Field vector = results.schema().findField("vector");
      assertThat(vector.getMetadata()).containsEntry("arbalest.encoding", "sq8");
    }
  }

  @Test
  void findsRowsLikeARow() {
    putWords();
    assertThat(live.ids(SearchQuery.of("words").like(10).k(2))).containsExactly(10L, 12L);
  }

  @Test
  void idsMayBeText() {
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .texts("id", "a", "b")
            .vectors("vector", Batches.SINGLE, new float[] {1, 0}, new float[] {0, 1})
            .root(Map.of())) {
      live.client().put("t", batch);
    }
    List<ObjectNode> hits = live.hits(SearchQuery.of("t").like("b").k(1));
    assertThat(hits.get(0).get("id").textValue()).isEqualTo("b");
    assertThat(live.client().delete("t", List.of("b", "c")).deleted()).isEqualTo(1);
    assertThat(live.client().info("t").rows()).isEqualTo(1);
  }

  @Test
  void anExchangeAnswersWhileItIsAsked() {
    put("d", 0, 100, 1);
    float[][] rows = Batches.randomVectors(100, DIMENSION, 1);
    List<ObjectNode> hits = new ArrayList<>();
    try (VectorSchemaRoot queries =
            Batches.in(live.allocator())
                .vectors("vector", Batches.SINGLE, rows[5], rows[6])
                .root(Map.of());
        SearchExchange exchange =
            live.client().openSearch(SearchQuery.of("d").k(1).vectorsAs("none"), queries)) {
      for (int batch = 0; batch < 3; batch++) {
        exchange.send();
        assertThat(exchange.results().next()).isTrue();
        for (int row = 0; row < exchange.results().root().getRowCount(); row++) {
          hits.add(Cells.row(exchange.results().root(), row));
        }
        assertThat(exchange.results().stats()).isPresent();
      }
      exchange.finishSending();
      assertThat(exchange.results().next()).isFalse();
    }
    assertThat(hits.stream().map(hit -> hit.get("id").longValue()))
        .containsExactly(5L, 6L, 5L, 6L, 5L, 6L);
    // Without keys the queries are numbered through the whole stream.
    assertThat(hits.stream().map(hit -> hit.get("query").intValue()))
        .containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void anExchangeReturnsTheQueriesKeys() {
    put("d", 0, 100, 1);
    float[][] rows = Batches.randomVectors(100, DIMENSION, 1);
    try (VectorSchemaRoot queries =
            Batches.in(live.allocator())
                .texts("query", "five", "six")
                .vectors("vector", Batches.HALF, rows[5], rows[6])
                .root(Map.of());
        SearchExchange exchange = live.client().openSearch(SearchQuery.of("d").k(2), queries)) {
      exchange.send();
      exchange.finishSending();
      assertThat(
              LiveServer.rows(exchange.results()).stream().map(hit -> hit.get("query").textValue()))
          .containsExactly("five", "five", "six", "six");
    }
  }

  @Test
  void anExchangeWithoutQueriesHasASchemaAndNoRows() {
    put("d", 0, 10, 1);
    try (VectorSchemaRoot queries =
            Batches.in(live.allocator())
                .vectors("vector", Batches.SINGLE, new float[DIMENSION])
                .root(Map.of());
        SearchExchange exchange = live.client().openSearch(SearchQuery.of("d"), queries)) {
      exchange.finishSending();
      assertThat(LiveServer.rows(exchange.results())).isEmpty();
      assertThat(exchange.results().schema().findField("distance")).isNotNull();
    }
  }

  @Test
  void aScanReadsEveryLiveRowOnce() {
    put("d", 0, 3000, 1);
    live.client().delete("d", 7, 8);
    put("d", 5, 1, 2);
    List<ObjectNode> rows = live.scan(ScanQuery.of("d"));
    assertThat(rows).hasSize(2998);
    assertThat(rows.stream().map(row -> row.get("id").longValue()).distinct()).hasSize(2998);
    assertThat(rows.get(rows.size() - 1).get("id").longValue()).isEqualTo(5);
    assertThat(live.scan(ScanQuery.of("d").withLimit(17))).hasSize(17);
    putWords();
    assertThat(live.scan(ScanQuery.of("words").withColumns(List.of())).get(0).toString())
        .isEqualTo("{\"id\":10}");
    assertThat(live.scan(ScanQuery.of("words").withVectorsAs("float32")).get(1).toString())
        .isEqualTo("{\"id\":11,\"word\":\"north\",\"vector\":[0.0,1.0]}");
  }

  @Test
  void flightInfoIsTrueAndItsEndpointGivesWhatItSays() throws Exception {
    putWords();
    FlightInfo info = live.client().flight().getInfo(FlightDescriptor.path("words"));
    assertThat(info.getRecords()).isEqualTo(4);
    assertThat(info.getEndpoints()).hasSize(1);
    try (ResultStream rows = live.client().redeem(info.getEndpoints().get(0).getTicket())) {
      assertThat(rows.schema().getFields())
          .isEqualTo(info.getSchemaOptional().orElseThrow().getFields());
      assertThat(rows.next()).isTrue();
      assertThat(rows.root().getRowCount()).isEqualTo(4);
    }
    byte[] command =
        "{\"search\":{\"dataset\":\"words\",\"vector\":[1,0],\"columns\":[\"*\"]}}"
            .getBytes(StandardCharsets.UTF_8);
    FlightInfo search = live.client().flight().getInfo(FlightDescriptor.command(command));
    try (ResultStream hits = live.client().redeem(new Ticket(command))) {
      assertThat(hits.schema()).isEqualTo(search.getSchemaOptional().orElseThrow());
      assertThat(hits.next()).isTrue();
    }
    assertThat(live.client().flight().getSchema(FlightDescriptor.path("words")).getSchema())
        .isEqualTo(info.getSchemaOptional().orElseThrow());
  }

  @Test
  void listsDatasets() {
    put("b", 0, 3, 1);
    putWords();
    assertThat(live.client().datasets())
        .extracting(DatasetInfo::name, DatasetInfo::rows)
        .containsExactly(tuple("b", 3L), tuple("words", 4L));
  }

  @Test
  void listsEveryActionAndEachWorks() throws IOException {
    List<String> names = new ArrayList<>();
    for (ActionType type : live.client().flight().listActions()) {
      names.add(type.getType());
      assertThat(type.getDescription()).isNotBlank();
    }
    assertThat(names)
        .containsExactly(
            "create-dataset",
            "add-columns",
            "drop-dataset",
            "describe-dataset",
            "delete",
            "flush",
            "freeze",
            "snapshot",
            "status");
    ObjectNode spec =
        (ObjectNode)
            MAPPER.readTree(
                "{\"dataset\":\"made\",\"dimension\":16,\"metric\":\"dot\","
                    + "\"element\":\"float32\",\"id_type\":\"int64\",\"m\":8,"
                    + "\"ef_construction\":50,\"codes\":\"none\","
                    + "\"layout\":\"compact\",\"text_columns\":[\"a\"],"
                    + "\"columns\":[{\"name\":\"a\",\"type\":\"utf8\"},"
                    + "{\"name\":\"b\",\"type\":\"list<utf8>\"}]}");
    JsonNode made = live.client().create(spec);
    JsonNode described = live.client().describe("made");
    assertThat(described).isEqualTo(made);
    spec.remove("columns"); // whose indexes are told besides
    spec.properties().forEach(e -> assertThat(described.get(e.getKey())).isEqualTo(e.getValue()));
    assertThat(described.get("columns"))
        .extracting(column -> column.get("name").asText() + " " + column.get("type").asText())
        .containsExactly("a utf8", "b list<utf8>");
    assertThat(described.get("rows").intValue()).isZero();

    put("d", 0, 500, 1);
    assertThat(live.client().flush("d").get("pending").longValue()).isZero();
    assertThat(live.client().freeze("d").get("overlay_lists").longValue()).isZero();
    assertThat(live.client().snapshot("d").get("snapshot_sequence").longValue()).isEqualTo(1);
    assertThat(live.client().status("d").get("live").longValue()).isEqualTo(500);
    assertThat(live.client().status().get("datasets")).hasSize(2);
    live.client().drop("made");
    assertThat(live.client().datasets()).extracting(DatasetInfo::name).containsExactly("d");
  }
}
