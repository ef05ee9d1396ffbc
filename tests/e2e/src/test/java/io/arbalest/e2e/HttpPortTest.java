package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics and health. */
class HttpPortTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path data;

  private static HttpResponse<String> get(LiveServer live, String path)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + live.server().httpPort() + path);
    return HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  @Test
  void countsWhatHappens() throws Exception {
    try (LiveServer live = LiveServer.start(data)) {
      try (VectorSchemaRoot batch = Batches.random(live.allocator(), 0, 30, 8, 1)) {
        live.client().put("d", batch);
      }
      live.client().flush("d");
      live.hits(SearchQuery.of("d").vectors(Batches.randomVectors(3, 8, 2)));
      live.client().delete("d", 1, 2);
      HttpResponse<String> metrics = get(live, "/metrics");
      assertThat(metrics.statusCode()).isEqualTo(200);
      assertThat(metrics.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain");
      assertThat(metrics.body())
          .contains(
              "arbalest_requests_total{method=\"DoPut\",status=\"OK\",} 1.0",
              "arbalest_requests_total{method=\"DoGet\",status=\"OK\",} 1.0",
              "arbalest_request_seconds_bucket{method=\"DoGet\",le=\"60.0\",} 1.0",
              "arbalest_rows_put_total 30.0",
              "arbalest_rows_deleted_total 2.0",
              "arbalest_searches_total 3.0",
              "arbalest_dataset_rows{dataset=\"d\",} 28.0",
              "arbalest_dataset_pending_rows{dataset=\"d\",} 0.0",
              "arbalest_wal_sync_seconds_count{dataset=\"d\",}",
              "jvm_memory_bytes_used")
          .doesNotContain("arbalest_visited_total 0.0");
    }
  }

  @Test
  void tellsWhatTextIndexesTake() throws Exception {
    try (LiveServer live = LiveServer.start(data)) {
      try (VectorSchemaRoot plain = Batches.random(live.allocator(), 0, 30, 8, 1);
          VectorSchemaRoot texts =
              Batches.in(live.allocator())
                  .ids("id", 1, 2)
                  .vectors("vector", Batches.SINGLE, Batches.randomVectors(2, 8, 1))
                  .texts("word", "red wine", "white wine")
                  .root(Map.of("arbalest.text_columns", "word"))) {
        live.client().put("plain", plain);
        live.client().put("texts", texts);
      }
      live.client().flush("texts");
      String metrics = get(live, "/metrics").body();
      assertThat(metrics)
          .contains(
              "arbalest_dataset_text_disk_bytes{dataset=\"plain\",} 0.0",
              "arbalest_dataset_text_memory_bytes{dataset=\"plain\",} 0.0",
              "arbalest_dataset_text_disk_bytes{dataset=\"texts\",} ",
              "arbalest_dataset_text_memory_bytes{dataset=\"texts\",} ");
      assertThat(value(metrics, "text_disk_bytes") + value(metrics, "text_memory_bytes"))
          .isPositive();
    }
  }

  private static double value(String metrics, String name) {
    String start = "arbalest_dataset_" + name + "{dataset=\"texts\",} ";
    return metrics
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length())))
        .sum();
  }

  @Test
  void tellsOfHealthAndNothingElse() throws Exception {
    try (LiveServer live = LiveServer.start(data)) {
      assertThat(get(live, "/healthz").body()).isEqualTo("ok\n");
      assertThat(get(live, "/readyz").statusCode()).isEqualTo(200);
      assertThat(get(live, "/").statusCode()).isEqualTo(404);
      assertThat(get(live, "/metrics/x").statusCode()).isEqualTo(404);
      URI uri = URI.create("http://127.0.0.1:" + live.server().httpPort() + "/metrics");
      HttpRequest post =
          HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString("x")).build();
      assertThat(HTTP.send(post, BodyHandlers.ofString()).statusCode()).isEqualTo(405);
    }
  }
}
