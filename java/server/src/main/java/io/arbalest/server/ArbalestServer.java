package io.arbalest.server;

import io.arbalest.server.flight.WireServer;
import io.arbalest.server.http.HttpPort;
import io.arbalest.server.metrics.Metrics;
import io.arbalest.server.metrics.StoreCollector;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetStatus;
import io.arbalest.store.Store;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole server in this process: datasets, the Flight port, the HTTP port.
 *
 * <pre>{@code
 * try (ArbalestServer server =
 *     ArbalestServer.start(ServerOptions.of(directory).withPorts(0, ServerOptions.NO_HTTP))) {
 *   ArbalestClient client = ArbalestClient.connect(server.uri());
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #close()} lets calls under way finish, for at most {@link
 * Limits#drainMillis()}.
 */
public final class ArbalestServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ArbalestServer.class);

  private final ServerOptions options;
  private final Store store;
  private final WireServer wire;
  private final HttpPort http;
  private volatile boolean stopping;
  private boolean closed;

  private ArbalestServer(ServerOptions options, Store store) throws IOException {
    this.options = options;
    this.store = store;
    Metrics metrics = new Metrics();
    DefaultExports.register(metrics.registry());
    new StoreCollector(store).register(metrics.registry());
    this.wire = WireServer.start(store, options.host(), options.port(), options.limits(), metrics);
    this.http = startHttp(metrics);
  }

  /**
   * Opens the datasets and listens.
   *
   * @throws IOException if a port is taken
   * @throws io.arbalest.store.StoreException if the data directory cannot be opened
   */
  public static ArbalestServer start(ServerOptions options) throws IOException {
    Store store = Store.open(options.store());
    boolean started = false;
    try {
      ArbalestServer server = new ArbalestServer(options, store);
      started = true;
      LOG.info("serving {} on {}", options.store().directory(), server.uri());
      return server;
    } finally {
      if (!started) {
        store.close();
      }
    }
  }

  /** The port of Flight. */
  public int port() {
    return wire.port();
  }

  /** The port of metrics and health; {@link ServerOptions#NO_HTTP} if there is none. */
  public int httpPort() {
    return http == null ? ServerOptions.NO_HTTP : http.port();
  }

  /** Where a client connects. */
  public String uri() {
    return "grpc://" + options.host() + ":" + port();
  }

  /** Memory that calls under way hold, in bytes; 0 when there are none. */
  public long callMemoryBytes() {
    return wire.callMemoryBytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stopping = true;
    try {
      wire.close();
    } finally {
      store.close();
      if (http != null) {
        http.close();
      }
    }
    LOG.info("stopped");
  }

  private HttpPort startHttp(Metrics metrics) throws IOException {
    if (options.httpPort() == ServerOptions.NO_HTTP) {
      return null;
    }
    boolean started = false;
    try {
      HttpPort port =
          HttpPort.start(
              options.host(),
              options.httpPort(),
              metrics.registry(),
              this::unhealthy,
              () -> stopping ? "stopping" : null);
      started = true;
      return port;
    } finally {
      if (!started) {
        wire.close();
      }
    }
  }

  /** A dataset that takes no writes any more is well again after a restart. */
  private String unhealthy() {
    if (stopping) {
      return null;
    }
    for (Dataset dataset : store.datasets()) {
      DatasetStatus status = dataset.status();
      if (status.state().startsWith("failed")) {
        return status.name() + ": " + status.state();
      }
    }
    return null;
  }
}
