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
  private final BufferAllocator root;
  private final BufferAllocator calls;
  private final CallThreads threads;
  private final FlightServer server;

  private WireServer(
      Limits limits,
      BufferAllocator root,
      BufferAllocator calls,
      CallThreads threads,
      FlightServer server) {
    this.limits = limits;
    this.root = root;
    this.calls = calls;
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
    BufferAllocator root = new RootAllocator(memoryBytesMax(limits));
    BufferAllocator calls = root.newChildAllocator("calls", 0, limits.callMemoryBytes());
    CallThreads threads =
        new CallThreads(Limits.CALLBACK_THREADS, Limits.ACK_THREADS, limits.calls());
    CallGate gate = new CallGate(limits, root::getAllocatedMemory, metrics);
    Room room = new Room(store, limits, metrics, calls, threads);
    ServerStatus status = new ServerStatus(store, gate::underWay, root::getAllocatedMemory);
    Consumer<NettyServerBuilder> bounds =
        builder ->
            builder
                .intercept(gate)
                .maxConcurrentCallsPerConnection(limits.callsPerConnection())
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
    FlightServer server =
        FlightServer.builder(root, Location.forGrpcInsecure(host, port), new Producer(room, status))
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
        calls.close();
        root.close();
      }
    }
    return new WireServer(limits, root, calls, threads, server);
  }

  /**
   * Above what the gate allows: a message that finds no room in the middle of the transport ends
   * its call without a word, so the gate refuses those that come when memory is used up, and what
   * may be on its way to the gate has room beside it. Beyond that lies only a batch that claims
   * more rows than it has: Arrow makes room for all of them.
   */
  private static long memoryBytesMax(Limits limits) {
    return limits.callMemoryBytes() + 2L * Limits.CALLBACK_THREADS * limits.inboundMessageBytes();
  }

  /** The port that listens. */
  public int port() {
    return server.getPort();
  }

  /** Memory of calls under way, in bytes. */
  public long callMemoryBytes() {
    return root.getAllocatedMemory();
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
      calls.close();
      root.close();
    } catch (IllegalStateException e) {
      LOG.warn("memory of calls was not given back: {}", e.getMessage());
    }
  }
}
