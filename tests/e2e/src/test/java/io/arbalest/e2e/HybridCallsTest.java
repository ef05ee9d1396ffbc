package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches by text, alone and beside vectors, over the wire. */
class HybridCallsTest {
  @TempDir Path directory;
  private LiveServer live;

  @BeforeEach
  void start() throws IOException {
    live = LiveServer.start(directory);
    put("word", "red fox", "white wine", "red wine", null);
  }

  @AfterEach
  void stop() {
    live.close();
  }

  private void put(String textColumns, String... words) {
    float[][] vectors = {{1, 0}, {0, 1}, {1, 1}, {-1, 0}};
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .ids("id", 10, 11, 12, 13)
            .vectors("vector", Batches.SINGLE, vectors)
            .texts("word", words)
            .root(Map.of("arbalest.metric", "l2", "arbalest.text_columns", textColumns))) {
      live.client().put("d", batch);
    }
  }

  @Test
  void aTextNeedsNoVector() {
    SearchQuery query = SearchQuery.of("d").text("wine RED").k(3).columns("word");
    try (ResultStream results = live.client().search(query)) {
      assertThat(results.next()).isTrue();
      assertThat(results.root().getSchema().getFields())
          .extracting(Field::getName)
          .containsExactly(
              "query", "id", "distance", "score", "dense_rank", "text_rank", "word", "vector");
      while (results.next()) {
        assertThat(results.root().getRowCount()).isPositive();
      }
      assertThat(results.stats().orElseThrow().strategy()).isEqualTo("text");
    }
    List<ObjectNode> hits = live.hits(query.vectorsAs("none"));
    assertThat(hits.get(0).get("word").textValue()).isEqualTo("red wine");
    assertThat(hits.get(0).get("text_rank").intValue()).isEqualTo(1);
    assertThat(hits.get(0).get("dense_rank").isNull()).isTrue();
    assertThat(hits.get(0).get("distance").isNull()).isTrue();
    assertThat(hits).hasSize(3);
  }

  @Test
  void aTextBesideAVectorIsFused() {
    List<ObjectNode> hits = live.hits(SearchQuery.of("d").vector(1, 0).text("white").k(2));
    assertThat(hits.stream().map(hit -> hit.get("id").intValue())).containsExactly(11, 10);
    assertThat(hits.get(0).get("distance").doubleValue()).isEqualTo(2);
    assertThat(hits.get(0).get("text_rank").intValue()).isEqualTo(1);
    assertThat(hits.get(1).get("dense_rank").intValue()).isEqualTo(1);
    assertThat(hits.get(1).get("text_rank").isNull()).isTrue();
    List<ObjectNode> dense =
        live.hits(SearchQuery.of("d").vector(1, 0).text("white").alpha(1).k(1));
    assertThat(dense.get(0).get("id").intValue()).isEqualTo(10);
    List<ObjectNode> like = live.hits(SearchQuery.of("d").like(13).text("white").alpha(0).k(4));
    assertThat(like.stream().map(hit -> hit.get("id").intValue())).containsExactly(11);
  }

  @Test
  void anExchangeHasOneTextForAllItsQueries() {
    try (VectorSchemaRoot queries =
            Batches.in(live.allocator())
                .vectors("vector", Batches.SINGLE, new float[][] {{1, 0}, {-1, 0}})
                .root(Map.of());
        SearchExchange exchange =
            live.client().openSearch(SearchQuery.of("d").text("white").k(2), queries)) {
      exchange.send();
      exchange.finishSending();
      List<ObjectNode> hits = LiveServer.rows(exchange.results());
      assertThat(hits).hasSize(4);
      assertThat(hits.stream().map(hit -> hit.get("id").intValue()))
          .containsExactlyInAnyOrder(10, 11, 13, 11);
    }
  }

  @Test
  void textColumnsAreFixedAtCreation() {
    JsonNode described = live.client().describe("d");
    assertThat(described.get("text_columns").toString()).isEqualTo("[\"word\"]");
    assertThatThrownBy(() -> put("", "a", "b", "c", "d"))
        .hasMessageContaining("'arbalest.text_columns': found '', allowed 'word'");
    JsonNode status = live.client().status("d");
    assertThat(status.get("text_memory_bytes").longValue()).isPositive();
    assertThat(status.has("text_disk_bytes")).isTrue();
  }
}
