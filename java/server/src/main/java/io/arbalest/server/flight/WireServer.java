package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.server.metrics.Metrics;
import io.arbalest.store.Store;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Flight port, with every bound set. */
public final class WireServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WireServer.class);

  /** A client that is silent this long is asked whether it lives; a dead one's calls are freed. */
  private static final int KEEP_ALIVE_SECONDS = 60;

  private final Limits limits;
  private final BufferAllocator allocator;
  private final CallThreads threads;
  private final FlightServer server;

  private WireServer(
      Limits limits, BufferAllocator allocator, CallThreads threads, FlightServer server) {
    this.limits = limits;
    this.allocator = allocator;
    this.threads = threads;
    this.server = server;
  }

  /**
   * Listens.
   *
   * @param store stays the caller's
   * @param port 0 for any free one
   * @throws IOException if the port is taken
   */
  public static WireServer start(Store store, String host, int port, Limits limits, Metrics metrics)
      throws IOException {
    BufferAllocator allocator = new RootAllocator(limits.callMemoryBytes());
    CallThreads threads =
        new CallThreads(Limits.CALLBACK_THREADS, Limits.ACK_THREADS, limits.calls());
    CallGate gate = new CallGate(limits.calls(), metrics);
    Room room = new Room(store, limits, metrics, allocator, threads);
    ServerStatus status = new ServerStatus(store, gate::underWay, allocator::getAllocatedMemory);
    Consumer<NettyServerBuilder> bounds =
        builder ->
            builder
                .intercept(gate)
                .maxConcurrentCallsPerConnection(limits.callsPerConnection())
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
    FlightServer server =
        FlightServer.builder(
                allocator, Location.forGrpcInsecure(host, port), new Producer(room, status))
            .executor(threads)
            .maxInboundMessageSize(limits.inboundMessageBytes())
            .setMaxHeaderListSize(limits.headerBytes())
            .backpressureThreshold(limits.outputBufferBytes())
            .transportHint("grpc.builderConsumer", bounds)
            .build();
    boolean started = false;
    try {
      server.start();
      started = true;
    } finally {
      if (!started) {
        threads.shutdownNow();
        allocator.close();
      }
    }
    return new WireServer(limits, allocator, threads, server);
  }

  /** The port that listens. */
  public int port() {
    return server.getPort();
  }

  /** Memory of calls under way, in bytes. */
  public long callMemoryBytes() {
    return allocator.getAllocatedMemory();
  }

  /** Takes no new calls, lets those under way finish, and stops. */
  @Override
  public void close() {
    server.shutdown();
    try {
      server.awaitTermination(limits.drainMillis(), TimeUnit.MILLISECONDS);
      server.close();
      threads.shutdown();
      if (!threads.awaitTermination(limits.drainMillis() + 1000L, TimeUnit.MILLISECONDS)) {
        LOG.warn(
            "calls still run after {} ms; their memory is not given back", limits.drainMillis());
        threads.shutdownNow();
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      threads.shutdownNow();
      return;
    }
    closeAllocator();
  }

  /** A leak is worth a line in the log, and no reason to leave the datasets open. */
  private void closeAllocator() {
    try {
      allocator.close();
    } catch (IllegalStateException e) {
      LOG.warn("memory of calls was not given back: {}", e.getMessage());
    }
  }
}
