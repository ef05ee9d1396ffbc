package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.client.DeleteAck;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Filters wherever a client may give one, and after a restart. */
class FilterCallsTest {
  private static final int ROWS = 3000;
  private static final String TENS = "{\"field\":\"word\",\"op\":\"=\",\"value\":\"w7\"}";

  private static String[] words() {
    return IntStream.range(0, ROWS).mapToObj(i -> "w" + i % 100).toArray(String[]::new);
  }

  private static void put(LiveServer live) {
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .ids("id", ROWS, i -> (long) i)
            .vectors("vector", Batches.SINGLE, Batches.randomVectors(ROWS, 4, 1))
            .texts("word", words())
            .root(Map.of())) {
      live.client().put("d", batch);
    }
  }

  private static List<Long> ids(ResultStream stream) {
    List<Long> ids = new ArrayList<>();
    while (stream.next()) {
      BigIntVector vector = (BigIntVector) stream.root().getVector("id");
      IntStream.range(0, stream.root().getRowCount()).forEach(i -> ids.add(vector.get(i)));
    }
    return ids;
  }

  private static List<Long> searched(LiveServer live, String filter, int k) {
    SearchQuery query = SearchQuery.of("d").vector(1, 0, 0, 0).k(k).vectorsAs("none");
    try (ResultStream stream = live.client().search(query.filter(filter))) {
      return ids(stream);
    }
  }

  private static List<Long> scanned(LiveServer live, String filter) {
    ScanQuery query = ScanQuery.of("d").withFilter(filter);
    try (ResultStream stream = live.client().scan(query)) {
      return ids(stream);
    }
  }

  @Test
  void whatMatchesIsSearchedScannedAndDeleted(@TempDir Path data) throws IOException {
    List<Long> sevens = IntStream.range(0, 30).mapToObj(i -> 7L + 100 * i).toList();
    try (LiveServer live = LiveServer.start(data)) {
      put(live);
      assertThat(searched(live, TENS, 30)).containsExactlyInAnyOrderElementsOf(sevens);
      assertThat(searched(live, TENS, 10)).hasSize(10).isSubsetOf(sevens);
      assertThat(scanned(live, TENS)).isEqualTo(sevens);
      exchange(live, sevens);
      DeleteAck ack = live.client().deleteMatching("d", TENS);
      assertThat(ack.deleted()).isEqualTo(30);
      assertThat(searched(live, TENS, 10)).isEmpty();
      assertThat(scanned(live, "{\"not\":" + TENS + "}")).hasSize(ROWS - 30);
      JsonNode index = live.client().status("d").at("/metadata_indexes/0");
      assertThat(index.path("column").asText()).isEqualTo("word");
      assertThat(index.path("kinds").get(0).asText()).isEqualTo("exact");
      assertThat(index.path("bytes").asLong()).isPositive();
      JsonNode column = live.client().describe("d").at("/columns/0");
      assertThat(column.path("index").asText()).isEqualTo("auto");
      assertThat(column.path("index_bytes")).isEqualTo(index.path("bytes"));
    }
    try (LiveServer live = LiveServer.start(data)) {
      assertThat(scanned(live, TENS)).isEmpty();
      assertThat(live.client().info("d").rows()).isEqualTo(ROWS - 30);
    }
  }

  @Test
  void columnsAreAddedByTheActionAndByAPutThatSaysSo(@TempDir Path data) throws IOException {
    String old = "{\"field\":\"lang\",\"op\":\"is_null\"}";
    String english = "{\"field\":\"lang\",\"op\":\"=\",\"value\":\"en\"}";
    try (LiveServer live = LiveServer.start(data)) {
      put(live);
      JsonNode columns = live.client().addColumns("d", Map.of("year", "int16")).get("columns");
      assertThat(columns.get(1).path("name").asText()).isEqualTo("year");
      assertThat(live.client().info("d").schema().findField("year").isNullable()).isTrue();
      try (VectorSchemaRoot batch =
          Batches.in(live.allocator())
              .ids("id", 1, 2)
              .vectors("vector", Batches.SINGLE, Batches.randomVectors(2, 4, 3))
              .texts("lang", "en", "de")
              .root(Map.of("arbalest.add_columns", "true"))) {
        live.client().put("d", batch);
      }
      assertThat(scanned(live, english)).containsExactly(1L);
      assertThat(searched(live, english, 5)).containsExactly(1L);
    }
    try (LiveServer live = LiveServer.start(data)) {
      assertThat(scanned(live, english)).containsExactly(1L);
      assertThat(scanned(live, old)).hasSize(ROWS - 2);
      assertThat(live.client().info("d").schema().findField("lang")).isNotNull();
    }
  }

  private static void exchange(LiveServer live, List<Long> matching) {
    List<Long> found = new ArrayList<>();
    SearchQuery query = SearchQuery.of("d").k(40).vectorsAs("none").filter(TENS);
    try (VectorSchemaRoot queries =
            Batches.in(live.allocator())
                .vectors("vector", Batches.SINGLE, Batches.randomVectors(3, 4, 2))
                .root(Map.of());
        SearchExchange exchange = live.client().openSearch(query, queries)) {
      exchange.send();
      exchange.finishSending();
      found.addAll(ids(exchange.results()));
    }
    List<Long> wanted = new ArrayList<>();
    IntStream.range(0, 3).forEach(i -> wanted.addAll(matching));
    assertThat(found).containsExactlyInAnyOrderElementsOf(wanted);
  }
}
