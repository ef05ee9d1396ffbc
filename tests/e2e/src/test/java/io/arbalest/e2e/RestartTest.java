package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lasts over a restart, and what holds while many write and search at once. */
class RestartTest {
  private static final int DIMENSION = 24;

  @TempDir Path data;

  private static void put(LiveServer live, long first, int rows, long seed) {
    try (VectorSchemaRoot batch = Batches.random(live.allocator(), first, rows, DIMENSION, seed)) {
      live.client().put("d", batch);
    }
  }

  private static List<ObjectNode> answers(LiveServer live) {
    float[][] queries = Batches.randomVectors(20, DIMENSION, 77);
    return live.hits(SearchQuery.of("d").vectors(queries).k(10).exact(true).vectorsAs("float32"));
  }

  @Test
  void aRestartGivesTheSameAnswers() throws IOException {
    List<ObjectNode> before;
    List<ObjectNode> rows;
    try (LiveServer live = LiveServer.start(data)) {
      put(live, 0, 2000, 1);
      live.client().snapshot("d");
      // After the snapshot: a tail of the log to replay, with upserts and deletes.
      put(live, 1900, 300, 2);
      live.client().delete("d", 0, 1, 1950, 2100);
      before = answers(live);
      rows = live.scan(ScanQuery.of("d"));
    }
    for (int restart = 0; restart < 2; restart++) {
      try (LiveServer live = LiveServer.start(data)) {
        assertThat(answers(live)).isEqualTo(before);
        assertThat(live.scan(ScanQuery.of("d"))).containsExactlyInAnyOrderElementsOf(rows);
        assertThat(live.client().info("d").rows()).isEqualTo(2196);
      }
    }
  }

  @Test
  void aDroppedDatasetStaysDropped() throws IOException {
    try (LiveServer live = LiveServer.start(data)) {
      put(live, 0, 100, 1);
      live.client().drop("d");
    }
    try (LiveServer live = LiveServer.start(data)) {
      assertThat(live.client().datasets()).isEmpty();
      put(live, 0, 7, 1);
      assertThat(live.client().info("d").rows()).isEqualTo(7);
    }
  }

  @Test
  void searchesSeeEveryAcknowledgedRowWhileOthersWrite() throws IOException {
    try (LiveServer live = LiveServer.start(data)) {
      put(live, 0, 100, 1);
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger searches = new AtomicInteger();
      List<CompletableFuture<Void>> writers = new ArrayList<>();
      for (int writer = 1; writer <= 2; writer++) {
        long base = writer * 100_000L;
        writers.add(CompletableFuture.runAsync(() -> write(live, base)));
      }
      List<CompletableFuture<Void>> readers = new ArrayList<>();
      for (int reader = 0; reader < 2; reader++) {
        readers.add(CompletableFuture.runAsync(() -> read(live, done, searches)));
      }
      writers.forEach(CompletableFuture::join);
      done.set(true);
      readers.forEach(CompletableFuture::join);
      assertThat(searches.get()).isPositive();
      assertThat(live.client().info("d").rows()).isEqualTo(100 + 2 * 30 * 50);
    }
  }

  /** Each batch is found by a search the moment it is acknowledged. */
  private static void write(LiveServer live, long base) {
    try (VectorSchemaRoot like = Batches.random(live.allocator(), 0, 1, DIMENSION, 1);
        PutStream stream = live.client().openPut("d", like, PutOptions.DEFAULT.withWindow(1))) {
      for (int step = 0; step < 30; step++) {
        long first = base + step * 50L;
        try (VectorSchemaRoot batch =
            Batches.random(live.allocator(), first, 50, DIMENSION, first)) {
          stream.put(batch);
        }
        if (step % 10 == 9) {
          // A window of one: the put before this one is acknowledged.
          long known = first - 50;
          float[] vector = Batches.randomVectors(50, DIMENSION, known)[7];
          assertThat(live.ids(SearchQuery.of("d").vector(vector).k(1))).containsExactly(known + 7);
        }
      }
      stream.finish();
    }
  }

  private static void read(LiveServer live, AtomicBoolean done, AtomicInteger searches) {
    float[][] known = Batches.randomVectors(100, DIMENSION, 1);
    for (int i = 0; !done.get(); i++) {
      int row = i % known.length;
      List<ObjectNode> hits = live.hits(SearchQuery.of("d").vector(known[row]).k(10));
      assertThat(hits.get(0).get("id").longValue()).isEqualTo(row);
      assertThat(hits.stream().map(hit -> hit.get("id")).distinct()).hasSize(10);
      searches.incrementAndGet();
    }
  }
}
