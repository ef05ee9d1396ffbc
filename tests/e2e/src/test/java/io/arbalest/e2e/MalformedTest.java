package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.Limits;
import io.arbalest.server.ServerOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Puts that lie: batches whose buffers are shorter than their counts say, counts that overflow,
 * bytes that are no Arrow, streams that begin in the middle or end at once. Each is an error, and
 * the server works on.
 */
class MalformedTest {
  private static final int ROWS = 100;
  private static final int DIMENSION = 8;

  @TempDir Path data;
  // Not a LiveServer: Arrow itself leaks what it has read of a batch that it cannot load, so the
  // check that calls leave no memory behind would fail here.
  private ArbalestServer server;
  private ArbalestClient client;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    server =
        ArbalestServer.start(
            ServerOptions.of(data)
                .withPorts(0, ServerOptions.NO_HTTP)
                .withLimits(
                    Limits.DEFAULT.withCallMemoryBytes(64 << 20).withInboundMessageBytes(1 << 20)));
    client = ArbalestClient.connect(server.uri());
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try (VectorSchemaRoot batch = rows()) {
      client.put("d", batch);
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    try (ResultStream hits = client.search(SearchQuery.of("d").like(3).k(1))) {
      assertThat(LiveServer.rows(hits)).as("it still answers").hasSize(1);
    }
    channel.shutdownNow();
    assertThat(channel.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    client.close();
    server.close();
  }

  private VectorSchemaRoot rows() {
    return Batches.in(client.allocator())
        .ids("id", ROWS, row -> (long) row)
        .vectors("vector", Batches.SINGLE, Batches.randomVectors(ROWS, DIMENSION, 1))
        .texts("word", words())
        .root(Map.of());
  }

  private static String[] words() {
    String[] words = new String[ROWS];
    for (int i = 0; i < ROWS; i++) {
      words[i] = "word " + i;
    }
    return words;
  }

  /** Changes a batch's nodes or buffers before it is sent. */
  private interface Lie {
    void tell(List<ArrowFieldNode> nodes, List<ArrowBuf> buffers);
  }

  private Flight.FlightData schema(Schema schema) {
    ByteBuffer header = MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT);
    return Flight.FlightData.newBuilder()
        .setFlightDescriptor(
            Flight.FlightDescriptor.newBuilder()
                .setType(Flight.FlightDescriptor.DescriptorType.PATH)
                .addPath("d"))
        .setDataHeader(ByteString.copyFrom(header))
        .build();
  }

  private Flight.FlightData batch(VectorSchemaRoot root, int length, Lie lie) throws IOException {
    try (ArrowRecordBatch honest = new VectorUnloader(root).getRecordBatch()) {
      List<ArrowFieldNode> nodes = new ArrayList<>(honest.getNodes());
      List<ArrowBuf> buffers = new ArrayList<>(honest.getBuffers());
      lie.tell(nodes, buffers);
      try (ArrowRecordBatch lying = new ArrowRecordBatch(length, nodes, buffers)) {
        ByteBuffer header = MessageSerializer.serializeMetadata(lying, IpcOption.DEFAULT);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        MessageSerializer.writeBatchBuffers(new WriteChannel(Channels.newChannel(body)), lying);
        return Flight.FlightData.newBuilder()
            .setDataHeader(ByteString.copyFrom(header))
            .setDataBody(ByteString.copyFrom(body.toByteArray()))
            .build();
      }
    }
  }

  private Status put(Flight.FlightData... messages) throws Exception {
    CompletableFuture<Status> end = new CompletableFuture<>();
    StreamObserver<Flight.FlightData> stream =
        FlightServiceGrpc.newStub(channel)
            .doPut(
                new StreamObserver<>() {
                  @Override
                  public void onNext(Flight.PutResult ack) {
                    assertThat(ack.getAppMetadata().isEmpty()).isFalse();
                  }

                  @Override
                  public void onError(Throwable failure) {
                    end.complete(Status.fromThrowable(failure));
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(Status.OK);
                  }
                });
    for (Flight.FlightData message : messages) {
      stream.onNext(message);
    }
    stream.onCompleted();
    return end.get(60, TimeUnit.SECONDS);
  }

  private void refuses(String message, int length, Lie lie) throws Exception {
    try (VectorSchemaRoot root = rows()) {
      Status status = put(schema(root.getSchema()), batch(root, length, lie));
      assertThat(status.getCode()).as(status.toString()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(status.getDescription()).contains(message);
    }
  }

  @Test
  void anHonestBatchPasses() throws Exception {
    try (VectorSchemaRoot root = rows()) {
      Status status = put(schema(root.getSchema()), batch(root, ROWS, (nodes, buffers) -> {}));
      assertThat(status.isOk()).as(status.toString()).isTrue();
    }
  }

  /**
   * Buffers: id validity, id, vector validity, item validity, items, word validity, offsets, text.
   */
  @Test
  void buffersThatAreTooShort() throws Exception {
    refuses("batch 0", ROWS, (nodes, buffers) -> cut(buffers, 1, 100));
    refuses("", ROWS, (nodes, buffers) -> cut(buffers, 4, 64));
    refuses("", ROWS, (nodes, buffers) -> cut(buffers, 6, 40));
    refuses("column 'word'", ROWS, (nodes, buffers) -> cut(buffers, 7, 8));
  }

  @Test
  void countsThatPromiseTooMuch() throws Exception {
    refuses(
        "column 'word'",
        60_000,
        (nodes, buffers) -> nodes.replaceAll(node -> new ArrowFieldNode(60_000, 0)));
    refuses("rows", 70_000, (nodes, buffers) -> {});
  }

  /** Arrow makes room for as many rows as a batch says it has; the limit of memory ends that. */
  @Test
  void moreRowsThanMemory() throws Exception {
    try (VectorSchemaRoot root = rows()) {
      Flight.FlightData huge = batch(root, Integer.MAX_VALUE, (nodes, buffers) -> {});
      Status status = put(schema(root.getSchema()), huge);
      assertThat(status.getCode()).as(status.toString()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }
  }

  @Test
  void offsetsThatFallOrLeadOutside() throws Exception {
    refuses("column 'word'", ROWS, (nodes, buffers) -> buffers.get(6).setInt(20, 1));
    refuses("column 'word'", ROWS, (nodes, buffers) -> buffers.get(6).setInt(400, 1 << 30));
    refuses("column 'word'", ROWS, (nodes, buffers) -> buffers.get(6).setInt(0, -4));
  }

  @Test
  void bytesThatAreNoArrow() throws Exception {
    Flight.FlightData noise =
        Flight.FlightData.newBuilder()
            .setDataHeader(ByteString.copyFromUtf8("this is no flatbuffer at all"))
            .build();
    assertThat(put(noise).isOk()).isFalse();
    try (VectorSchemaRoot root = rows()) {
      assertThat(put(schema(root.getSchema()), noise).isOk()).isFalse();
    }
  }

  @Test
  void streamsThatEndAtOnce() throws Exception {
    Status nothing = put();
    assertThat(nothing.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(nothing.getDescription()).contains("no schema");
  }

  /** Flight waits for a schema or a descriptor for ever; the client's leaving must end that. */
  @Test
  void streamsThatAreBrokenOffInTheMiddle() throws Exception {
    try (VectorSchemaRoot root = rows()) {
      Flight.FlightData schema = schema(root.getSchema());
      Flight.FlightData batch = batch(root, ROWS, (nodes, buffers) -> {});
      Flight.FlightData nameless = schema.toBuilder().clearFlightDescriptor().build();
      breakOff(batch);
      breakOff(schema);
      breakOff(nameless, batch);
      breakOff();
    }
    Await.until("every call has ended", () -> client.status().path("calls").asInt() == 1);
  }

  private void breakOff(Flight.FlightData... messages) throws Exception {
    ManagedChannel own =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    AtomicBoolean ended = new AtomicBoolean();
    StreamObserver<Flight.FlightData> stream =
        FlightServiceGrpc.newStub(own)
            .doPut(
                new StreamObserver<>() {
                  @Override
                  public void onNext(Flight.PutResult ack) {
                    assertThat(ack).isNotNull();
                  }

                  @Override
                  public void onError(Throwable failure) {
                    ended.set(true);
                  }

                  @Override
                  public void onCompleted() {
                    assertThat(own.isShutdown()).isFalse();
                  }
                });
    for (Flight.FlightData message : messages) {
      stream.onNext(message);
    }
    // A stream that begins with a batch is refused at once; the others wait for more.
    Await.until(
        "the call is under way or over",
        () -> ended.get() || client.status().path("calls").asInt() > 1);
    own.shutdownNow();
    assertThat(own.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  private static void cut(List<ArrowBuf> buffers, int index, int bytes) {
    buffers.set(index, buffers.get(index).slice(0, bytes));
  }
}
