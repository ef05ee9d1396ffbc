package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.arbalest.client.PutAck;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchStats;
import io.arbalest.server.ServerOptions;
import io.arbalest.server.cli.ArbalestCommand;
import io.arbalest.store.ShadowOptions;
import io.arbalest.store.StoreOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.Result;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers from the cache, checked answers, and writes waited for, as a client sees them. */
class CacheTest {
  private static final int DIMENSION = 16;
  private static final int ROWS = 100;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path data;
  private LiveServer live;

  @BeforeEach
  void start() throws IOException {
    StoreOptions store = StoreOptions.of(data).withShadow(new ShadowOptions(1, 1));
    live = LiveServer.start(ServerOptions.of(data).withStore(store).withPorts(0, 0));
    put(1);
  }

  @AfterEach
  void stop() {
    live.close();
  }

  private PutAck put(long seed) {
    try (VectorSchemaRoot rows = Batches.random(live.allocator(), 0, ROWS, DIMENSION, seed)) {
      return live.client().put("d", rows);
    }
  }

  private static SearchQuery query() {
    return SearchQuery.of("d").vector(Batches.randomVectors(1, DIMENSION, 7)[0]).k(3);
  }

  private SearchStats stats(SearchQuery query) {
    try (ResultStream results = live.client().search(query)) {
      assertThat(LiveServer.rows(results)).hasSize(3);
      return results.stats().orElseThrow();
    }
  }

  private JsonNode act(String action, String body) throws IOException {
    Action request = new Action(action, body.getBytes(StandardCharsets.UTF_8));
    Result result = live.client().flight().doAction(request).next();
    return MAPPER.readTree(result.getBody());
  }

  private String run(boolean errors, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        ArbalestCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    assertThat(exitCode).as(err.toString()).isZero();
    return errors ? err.toString() : out.toString();
  }

  @Test
  void theSecondAnswerSaysThatItIsCachedUntilSomethingIsWritten() {
    SearchStats first = stats(query());
    assertThat(first.cached()).isFalse();
    assertThat(first.visited()).isPositive();
    assertThat(stats(query())).isEqualTo(new SearchStats(first.strategy(), 0, false, true));
    assertThat(stats(query().cache(false)).cached()).isFalse();
    put(2);
    assertThat(stats(query()).cached()).isFalse();
    assertThat(stats(query()).cached()).isTrue();
  }

  @Test
  void anExchangeIsAnsweredFromItAsWell() {
    SearchQuery search = SearchQuery.of("d").k(1).vectorsAs("none");
    for (boolean cached : new boolean[] {false, true}) {
      try (VectorSchemaRoot queries =
              Batches.in(live.allocator())
                  .vectors("vector", Batches.SINGLE, Batches.randomVectors(2, DIMENSION, 3))
                  .texts("query", "a", "b")
                  .root(Map.of());
          SearchExchange exchange = live.client().openSearch(search, queries)) {
        exchange.send();
        exchange.finishSending();
        assertThat(LiveServer.rows(exchange.results())).hasSize(2);
        assertThat(exchange.results().stats().orElseThrow().cached()).isEqualTo(cached);
      }
    }
  }

  @Test
  void aDatasetCanDoWithout() throws IOException {
    act("create-dataset", "{\"dataset\":\"off\",\"dimension\":16,\"cache\":false}");
    assertThat(act("describe-dataset", "{\"dataset\":\"off\"}").get("cache").booleanValue())
        .isFalse();
    assertThat(act("describe-dataset", "{\"dataset\":\"d\"}").get("cache").booleanValue()).isTrue();
    try (VectorSchemaRoot rows = Batches.random(live.allocator(), 0, ROWS, DIMENSION, 1)) {
      live.client().put("off", rows);
    }
    SearchQuery like = SearchQuery.of("off").like(5).k(3);
    stats(like);
    assertThat(stats(like).cached()).isFalse();
  }

  @Test
  void itIsCountedAndSoIsTheRecallThatIsSeen() throws Exception {
    stats(query().exact(true));
    stats(query().exact(true));
    Await.until("the sample is checked", () -> samples() == 1);
    URI uri = URI.create("http://127.0.0.1:" + live.server().httpPort() + "/metrics");
    String metrics =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
            .body();
    assertThat(metrics)
        .contains(
            "arbalest_cache_hits_total{dataset=\"d\",} 1.0",
            "arbalest_cache_misses_total{dataset=\"d\",} 1.0",
            "arbalest_cache_evictions_total{dataset=\"d\",} 0.0",
            "arbalest_dataset_cache_entries{dataset=\"d\",} 1.0",
            "arbalest_filter_cache_hits_total{dataset=\"d\",} 0.0",
            "arbalest_filter_cache_refreshes_total{dataset=\"d\",} 0.0",
            "arbalest_filter_cache_misses_total{dataset=\"d\",} 0.0",
            "arbalest_filter_cache_evictions_total{dataset=\"d\",} 0.0",
            "arbalest_dataset_filter_cache_entries{dataset=\"d\",} 0.0",
            "arbalest_dataset_filter_cache_bytes{dataset=\"d\",} 0.0",
            "arbalest_dataset_filter_cache_subsets{dataset=\"d\",} 0.0",
            "arbalest_dataset_filter_cache_subsets_due{dataset=\"d\",} 0.0",
            "arbalest_filter_cache_subset_build_seconds_count{dataset=\"d\",} 0.0",
            "arbalest_filter_cache_subset_build_seconds_sum{dataset=\"d\",} 0.0",
            "arbalest_shadow_recall_count{dataset=\"d\",strategy=\"exact\",} 1.0",
            "arbalest_shadow_recall_sum{dataset=\"d\",strategy=\"exact\",} 1.0",
            "arbalest_shadow_dropped_total{dataset=\"d\",} 0.0",
            "arbalest_shadow_changed_total{dataset=\"d\",} 0.0");
    JsonNode status = live.client().status("d");
    assertThat(status.at("/cache/hits").intValue()).isEqualTo(1);
    assertThat(status.at("/cache/bytes").intValue()).isPositive();
    assertThat(status.at("/shadow/strategies/0/recall").doubleValue()).isEqualTo(1);
    String shown = run(false, "status", "--server", live.server().uri(), "--dataset", "d");
    assertThat(shown)
        .contains("cache:\n  hits: 1\n", "shadow:\n  strategies:\n    strategy: exact");
  }

  @Test
  void aFilterThatIsUsedAgainIsReadyUntilAWrite() {
    ScanQuery some =
        ScanQuery.of("words").withFilter("{\"field\":\"word\",\"op\":\"=\",\"value\":\"a\"}");
    putWords();
    for (int scan = 0; scan < 3; scan++) {
      try (ResultStream rows = live.client().scan(some)) {
        assertThat(LiveServer.rows(rows)).hasSize(1);
      }
      if (scan == 1) {
        putWords(); // replaces all rows
      }
    }
    JsonNode cache = live.client().status("words").at("/filter_cache");
    assertThat(cache.at("/misses").intValue()).isEqualTo(1);
    assertThat(cache.at("/hits").intValue()).isEqualTo(1);
    assertThat(cache.at("/refreshes").intValue()).isEqualTo(1);
    assertThat(cache.at("/entries").intValue()).isEqualTo(1);
    assertThat(cache.at("/bytes").intValue()).isPositive();
  }

  private void putWords() {
    try (VectorSchemaRoot rows =
        Batches.in(live.allocator())
            .ids("id", 1, 2)
            .vectors("vector", Batches.SINGLE, Batches.randomVectors(2, DIMENSION, 3))
            .texts("word", "a", "b")
            .root(Map.of())) {
      live.client().put("words", rows);
    }
  }

  private int samples() {
    return live.client().status("d").at("/shadow/strategies/0/samples").asInt(0);
  }

  @Test
  void aWriteIsWaitedFor() throws Exception {
    SearchQuery after = query().minSequence(2);
    CompletableFuture<SearchStats> waiting = CompletableFuture.supplyAsync(() -> stats(after));
    assertThat(put(2).sequence()).isEqualTo(2);
    assertThat(waiting.get().strategy()).isNotEmpty();
  }

  @Test
  void theCommandLineSaysSo() {
    String[] search = {
      "search",
      "--server",
      live.server().uri(),
      "--dataset",
      "d",
      "--id",
      "5",
      "--min-sequence",
      "1"
    };
    assertThat(run(true, search)).doesNotContain("from the cache");
    assertThat(run(true, search)).contains(", from the cache");
    String[] anew = Arrays.copyOf(search, search.length + 1);
    anew[search.length] = "--no-cache";
    assertThat(run(true, anew)).doesNotContain("from the cache");
  }
}
