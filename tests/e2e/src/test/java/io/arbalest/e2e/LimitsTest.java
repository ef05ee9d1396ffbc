package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.Limits;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is bounded is bounded, is refused by the right status, and leaves a server that works. */
class LimitsTest {
  private static final int MIB = 1 << 20;

  @TempDir Path data;

  private static void put(LiveServer live, int rows, int dimension) {
    int step = 1000;
    for (int first = 0; first < rows; first += step) {
      try (VectorSchemaRoot batch =
          Batches.random(live.allocator(), first, step, dimension, first)) {
        live.client().put("d", batch);
      }
    }
  }

  private static void refuses(FlightStatusCode code, String message, ThrowingCallable call) {
    FlightRuntimeException error = catchThrowableOfType(FlightRuntimeException.class, call);
    assertThat(error).as("no error where %s was expected", code).isNotNull();
    assertThat(error.status().code()).as(error.getMessage()).isEqualTo(code);
    assertThat(error.status().description()).contains(message);
  }

  @Test
  void aMessageMayNotBeTooLarge() throws IOException {
    try (LiveServer live =
        LiveServer.start(data, Limits.DEFAULT.withInboundMessageBytes(64 << 10))) {
      try (VectorSchemaRoot large = Batches.random(live.allocator(), 0, 1000, 64, 1);
          VectorSchemaRoot small = Batches.random(live.allocator(), 0, 10, 64, 1)) {
        live.client().put("d", small);
        refuses(
            FlightStatusCode.RESOURCE_EXHAUSTED,
            "65536",
            () -> {
              try (PutStream stream =
                  live.client()
                      .openPut("d", large, PutOptions.DEFAULT.withRetryFor(Duration.ZERO))) {
                stream.put(large);
                stream.finish();
              }
            });
        live.client().put("d", small);
      }
    }
  }

  @Test
  void callsUnderWayAreCounted() throws IOException {
    try (LiveServer live = LiveServer.start(data, Limits.DEFAULT.withCalls(2))) {
      put(live, 1000, 8);
      SearchQuery query = SearchQuery.of("d").vector(new float[] {1, 2, 3, 4, 5, 6, 7, 8});
      List<SearchExchange> idle = new ArrayList<>();
      try (VectorSchemaRoot queries =
          Batches.in(live.allocator())
              .vectors("vector", Batches.SINGLE, new float[] {1, 2, 3, 4, 5, 6, 7, 8})
              .root(Map.of())) {
        for (int i = 0; i < 2; i++) {
          SearchExchange exchange = live.client().openSearch(SearchQuery.of("d"), queries);
          idle.add(exchange);
          exchange.send();
          assertThat(exchange.results().next()).isTrue();
        }
        refuses(FlightStatusCode.RESOURCE_EXHAUSTED, "calls", () -> live.hits(query));
        refuses(FlightStatusCode.RESOURCE_EXHAUSTED, "calls", () -> live.client().info("d"));
        idle.forEach(SearchExchange::close);
        Await.until("the places are given back", () -> works(live, query));
      }
    }
  }

  private static boolean works(LiveServer live, SearchQuery query) {
    try {
      return live.hits(query).size() == 10;
    } catch (FlightRuntimeException e) {
      assertThat(e.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
      return false;
    }
  }

  @Test
  void memoryForCallsIsBounded() throws IOException {
    try (LiveServer live = LiveServer.start(data, Limits.DEFAULT.withCallMemoryBytes(16 * MIB))) {
      put(live, 2000, 64);
      float[] query = Batches.randomVectors(1, 64, 5)[0];
      // The whole answer is more than all memory for calls: it is made chunk by chunk.
      SearchQuery many =
          SearchQuery.of("d").vectors(Batches.randomVectors(800, 64, 6)).k(100).ef(100);
      long hits = 0;
      try (ResultStream results = live.client().search(many.vectorsAs("float32"))) {
        while (results.next()) {
          hits += results.root().getRowCount();
        }
      }
      assertThat(hits).isEqualTo(80_000);
      assertThat(live.hits(SearchQuery.of("d").vector(query).k(2000).vectorsAs("float16")))
          .hasSize(2000);
      float[][] wide = Batches.randomVectors(50_000, 64, 7);
      refuses(
          FlightStatusCode.RESOURCE_EXHAUSTED,
          "call_memory_bytes",
          () -> {
            try (VectorSchemaRoot queries =
                    Batches.in(live.allocator())
                        .vectors("vector", Batches.DOUBLE, wide)
                        .root(Map.of());
                SearchExchange exchange = live.client().openSearch(SearchQuery.of("d"), queries)) {
              exchange.send();
              exchange.finishSending();
              LiveServer.rows(exchange.results());
            }
          });
      assertThat(live.hits(SearchQuery.of("d").vector(query))).hasSize(10);
    }
  }

  @Test
  void aSlowReaderHoldsLittleAndIsGivenUp() throws Exception {
    Limits limits = Limits.DEFAULT.withOutput(256 << 10, 512 << 10, 1500);
    try (LiveServer live = LiveServer.start(data, limits)) {
      // 40 MB to read: far more than the transport's windows and the client's read-ahead hold.
      put(live, 20_000, 512);
      long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
      byte[] ticket =
          "{\"scan\":{\"dataset\":\"d\",\"vectors_as\":\"float32\"}}"
              .getBytes(StandardCharsets.UTF_8);
      try (ResultStream stream = live.client().redeem(new Ticket(ticket))) {
        assertThat(stream.next()).isTrue();
        long most = 0;
        long until = System.nanoTime() + Duration.ofMillis(1000).toNanos();
        while (System.nanoTime() < until) {
          most = Math.max(most, live.server().callMemoryBytes());
          LockSupport.parkNanos(1_000_000);
        }
        assertThat(most).isPositive().isLessThan(8 * MIB);
        long transport = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() - before;
        assertThat(transport).isLessThan(24 * MIB);
        Await.until("the server gives up", () -> live.server().callMemoryBytes() == 0);
        refuses(
            FlightStatusCode.TIMED_OUT,
            "slow_reader_ms",
            () -> {
              while (stream.next()) {
                assertThat(stream.root().getRowCount()).isPositive();
              }
            });
      }
      assertThat(live.scan(ScanQuery.of("d"))).hasSize(20_000);
    }
  }

  @Test
  void aReaderThatLeavesFreesItsCall() throws IOException {
    Limits limits = Limits.DEFAULT.withOutput(64 << 10, 64 << 10, 60_000).withCalls(3);
    try (LiveServer live = LiveServer.start(data, limits)) {
      put(live, 10_000, 256);
      AtomicInteger left = new AtomicInteger();
      for (int i = 0; i < 20; i++) {
        // A call's place is free a moment after its client has left.
        Await.until("a place is free", () -> leaveEarly(live, left));
      }
      assertThat(left).hasValue(20);
      Await.until("memory is given back", () -> live.server().callMemoryBytes() == 0);
    }
  }

  private static boolean leaveEarly(LiveServer live, AtomicInteger left) {
    try (ResultStream rows = live.client().scan(ScanQuery.of("d").withVectorsAs("float32"))) {
      assertThat(rows.next()).isTrue();
      left.incrementAndGet();
      return true;
    } catch (FlightRuntimeException e) {
      assertThat(e.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
      return false;
    }
  }
}
