package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.Limits;
import io.arbalest.server.cli.io.Cells;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightClient.ExchangeReaderWriter;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DoExchange: streams both ways, held by flow control, in which a bad query spoils no other. */
class ExchangeTest {
  private static final int MIB = 1 << 20;
  private static final int DIMENSION = 8;
  private static final int ROWS = 500;
  private static final byte[] COMMAND =
      "{\"dataset\":\"d\",\"k\":10,\"ef\":10,\"vectors_as\":\"float32\"}"
          .getBytes(StandardCharsets.UTF_8);

  @TempDir Path data;

  private LiveServer start() throws IOException {
    return start(Limits.DEFAULT);
  }

  private LiveServer start(Limits limits) throws IOException {
    LiveServer live = LiveServer.start(data, limits);
    try (VectorSchemaRoot rows = Batches.random(live.allocator(), 0, ROWS, DIMENSION, 1)) {
      live.client().put("d", rows);
    }
    return live;
  }

  private static List<ObjectNode> ask(LiveServer live, SearchQuery query, VectorSchemaRoot batch) {
    try (batch;
        SearchExchange exchange = live.client().openSearch(query, batch)) {
      exchange.send();
      exchange.finishSending();
      return LiveServer.rows(exchange.results());
    }
  }

  private static VectorSchemaRoot batch(LiveServer live, ArrowType type, float[]... queries) {
    return Batches.in(live.allocator()).vectors("vector", type, queries).root(Map.of());
  }

  @Test
  void theSecondBatchMayWaitForTheAnswerToTheFirst() throws IOException {
    try (LiveServer live = start()) {
      float[][] rows = Batches.randomVectors(ROWS, DIMENSION, 1);
      try (VectorSchemaRoot queries = batch(live, Batches.HALF, rows[0]);
          SearchExchange exchange = live.client().openSearch(SearchQuery.of("d").k(1), queries)) {
        long nearest = 0;
        for (int round = 0; round < 50; round++) {
          FixedSizeListVector vectors = (FixedSizeListVector) queries.getVector("vector");
          // The query of this round is the row that the last round's answer names.
          try (VectorSchemaRoot next = batch(live, Batches.HALF, rows[(int) nearest])) {
            vectors.copyFrom(0, 0, next.getVector("vector"));
          }
          exchange.send();
          assertThat(exchange.results().next()).isTrue();
          ObjectNode hit = Cells.row(exchange.results().root(), 0);
          assertThat(hit.get("id").longValue()).isEqualTo(nearest);
          assertThat(hit.get("query").intValue()).isEqualTo(round);
          nearest = (nearest * 7 + 3) % ROWS;
        }
        exchange.finishSending();
        assertThat(exchange.results().next()).isFalse();
      }
    }
  }

  @Test
  void aBadQueryHasARowThatSaysWhyAndSpoilsNoOther() throws IOException {
    try (LiveServer live = start()) {
      float[][] rows = Batches.randomVectors(ROWS, DIMENSION, 1);
      float[] nan = rows[3].clone();
      nan[5] = Float.NaN;
      float[] infinite = rows[3].clone();
      infinite[7] = Float.NEGATIVE_INFINITY;
      float[] large = rows[3].clone();
      large[0] = 70_000;
      float[][] queries = {rows[1], nan, rows[2], new float[DIMENSION], infinite, rows[4], large};
      SearchQuery search = SearchQuery.of("d").k(3).vectorsAs("sq8");
      String[] keys = {"a", "b", "c", "d", "e", "f", "g", "h"};
      VectorSchemaRoot batch =
          Batches.in(live.allocator())
              .texts("query", keys)
              .vectors("vector", Batches.DOUBLE, with(queries, rows[5]))
              .root(Map.of());
      ((FixedSizeListVector) batch.getVector("vector")).setNull(7);
      List<ObjectNode> answers = ask(live, search, batch);
      assertThat(answers.stream().map(row -> row.get("query").textValue()))
          .containsExactly("a", "a", "a", "b", "c", "c", "c", "d", "e", "f", "f", "f", "g", "h");
      assertError(answers.get(3), "vector: component 5: found NaN; allowed finite values");
      assertError(answers.get(7), "vector: found a zero vector (squared norm 0 as stored)");
      assertError(answers.get(8), "vector: component 7: found -infinity");
      assertError(answers.get(12), "vector: component 0: found 70000; allowed -65504..65504");
      assertError(answers.get(13), "vector: found null; allowed values");

      List<ObjectNode> alone =
          ask(live, search, batch(live, Batches.DOUBLE, rows[1], rows[2], rows[4]));
      List<ObjectNode> good = answers.stream().filter(row -> row.get("error").isNull()).toList();
      assertThat(good).hasSize(9);
      for (int i = 0; i < good.size(); i++) {
        for (String column : List.of("id", "distance", "vector", "error")) {
          assertThat(good.get(i).get(column)).isEqualTo(alone.get(i).get(column));
        }
      }
    }
  }

  private static float[][] with(float[][] rows, float[] last) {
    List<float[]> all = new ArrayList<>(List.of(rows));
    all.add(last);
    return all.toArray(float[][]::new);
  }

  private static void assertError(ObjectNode row, String message) {
    assertThat(row.get("error").textValue()).startsWith(message);
    assertThat(row.get("id").isNull()).isTrue();
    assertThat(row.get("distance").isNull()).isTrue();
    assertThat(row.get("vector").isNull()).isTrue();
  }

  @Test
  void manyBadQueriesAmongGoodOnesInEveryTypeAndManyBatches() throws IOException {
    // Small batches out: a batch of queries is answered by several.
    try (LiveServer live = start(Limits.DEFAULT.withOutput(4 << 10, 64 << 10, 60_000))) {
      float[][] rows = Batches.randomVectors(ROWS, DIMENSION, 1);
      for (ArrowType type : List.of(Batches.HALF, Batches.SINGLE, Batches.DOUBLE)) {
        Random random = new Random(7);
        boolean[] bad = new boolean[300];
        float[][] queries = new float[bad.length][];
        for (int i = 0; i < bad.length; i++) {
          bad[i] = random.nextInt(3) == 0;
          queries[i] = rows[i].clone();
          if (bad[i]) {
            queries[i][random.nextInt(DIMENSION)] = Float.NaN;
          }
        }
        List<ObjectNode> answers = new ArrayList<>();
        SearchQuery search = SearchQuery.of("d").k(2).columns("*").vectorsAs("float32");
        try (VectorSchemaRoot batch = batch(live, type, queries);
            SearchExchange exchange = live.client().openSearch(search, batch)) {
          exchange.send();
          exchange.send();
          exchange.finishSending();
          answers.addAll(LiveServer.rows(exchange.results()));
        }
        int at = 0;
        for (int i = 0; i < 2 * bad.length; i++) {
          ObjectNode first = answers.get(at);
          assertThat(first.get("query").intValue()).isEqualTo(i);
          if (bad[i % bad.length]) {
            assertThat(first.get("error").textValue()).contains("found NaN");
            at += 1;
          } else {
            assertThat(first.get("error").isNull()).isTrue();
            assertThat(first.get("id").intValue()).isEqualTo(i % bad.length);
            assertThat(answers.get(at + 1).get("query").intValue()).isEqualTo(i);
            at += 2;
          }
        }
        assertThat(answers).hasSize(at);
      }
    }
  }

  @Test
  void theSchemaSaysWhatMayBeNull() throws IOException {
    try (LiveServer live = start()) {
      float[] query = Batches.randomVectors(1, DIMENSION, 1)[0];
      try (VectorSchemaRoot batch = batch(live, Batches.SINGLE, query);
          SearchExchange exchange = live.client().openSearch(SearchQuery.of("d"), batch)) {
        exchange.send();
        exchange.finishSending();
        assertThat(exchange.results().next()).isTrue();
        List<Field> fields = exchange.results().schema().getFields();
        assertThat(fields.stream().map(Field::getName))
            .containsExactly("query", "id", "distance", "vector", "error");
        assertThat(fields.stream().map(Field::isNullable))
            .containsExactly(false, true, true, true, true);
      }
    }
  }

  @Test
  void whatTheStreamSharesFailsTheCall() throws IOException {
    try (LiveServer live = start()) {
      float[] narrow = new float[DIMENSION - 1];
      FlightRuntimeException error =
          catchThrowableOfType(
              FlightRuntimeException.class,
              () -> ask(live, SearchQuery.of("d"), batch(live, Batches.SINGLE, narrow)));
      assertThat(error.status().code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
      assertThat(error.status().description()).contains("found dimension 7, allowed 8");
    }
  }

  @Test
  void aClientThatOnlySendsIsHeldAndLosesNothing() throws Exception {
    int batches = 10_000;
    int perBatch = 16;
    Limits limits = Limits.DEFAULT.withOutput(64 << 10, 256 << 10, 60_000);
    HeldReads reads = new HeldReads();
    try (LiveServer live = start(limits);
        FlightClient client = reads.connect(live);
        VectorSchemaRoot batch =
            batch(live, Batches.SINGLE, Batches.randomVectors(perBatch, DIMENSION, 3))) {
      long transportBefore = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
      ExchangeReaderWriter exchange = client.doExchange(FlightDescriptor.command(COMMAND));
      AtomicInteger sent = new AtomicInteger();
      exchange.getWriter().start(batch);
      Thread sender = new Thread(() -> sendAll(exchange, batches, sent), "only-sends");
      sender.start();
      long most = awaitStall(live, sent);
      assertThat(sent.get()).as("batches sent while none was read").isBetween(1, batches - 1);
      assertThat(most).isPositive().isLessThan(8 * MIB);
      long transport = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
      assertThat(transport - transportBefore).isLessThan(48L * MIB);

      reads.release();
      long answered = 0;
      while (exchange.getReader().next()) {
        answered += exchange.getReader().getRoot().getRowCount();
      }
      sender.join();
      assertThat(sent).hasValue(batches);
      assertThat(answered).isEqualTo((long) batches * perBatch * 10);
      exchange.close();
    }
  }

  private static void sendAll(ExchangeReaderWriter exchange, int batches, AtomicInteger sent) {
    ClientStreamListener writer = exchange.getWriter();
    for (int i = 0; i < batches; i++) {
      while (!writer.isReady()) {
        LockSupport.parkNanos(100_000);
      }
      writer.putNext();
      sent.incrementAndGet();
    }
    writer.completed();
  }

  /**
   * A connection that takes no message of an exchange before it is released: Flight's Java client
   * reads ahead without bound, into its own memory.
   */
  private static final class HeldReads implements ClientInterceptor {
    private ClientCall<?, ?> exchange;
    private int held;
    private boolean released;

    FlightClient connect(LiveServer live) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", live.server().port())
              .usePlaintext()
              .intercept(this)
              .build();
      return FlightGrpcUtils.createFlightClient(live.allocator(), channel);
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      ClientCall<Q, A> call = next.newCall(method, options);
      exchange = call;
      return new SimpleForwardingClientCall<>(call) {
        @Override
        public void request(int messages) {
          synchronized (HeldReads.this) {
            if (!released) {
              held += messages;
              return;
            }
          }
          super.request(messages);
        }
      };
    }

    synchronized void release() {
      released = true;
      exchange.request(held);
    }
  }

  /** Waits until nothing was sent for a while; returns the most that the server held meanwhile. */
  private static long awaitStall(LiveServer live, AtomicInteger sent) {
    long most = 0;
    int last = -1;
    long since = System.nanoTime();
    while (last <= 0 || System.nanoTime() - since < 1_500_000_000L) {
      most = Math.max(most, live.server().callMemoryBytes());
      if (sent.get() != last) {
        last = sent.get();
        since = System.nanoTime();
      }
      LockSupport.parkNanos(1_000_000);
    }
    return most;
  }
}
