package io.arbalest.server;

import io.arbalest.store.StoreOptions;
import java.nio.file.Path;
import java.util.Objects;

/**
 * How to start a server. Start from {@link #of(Path)} and change what differs.
 *
 * @param store how the datasets are kept
 * @param host the address to listen on. The default is the loopback address, because the server has
 *     no authentication: listening wider is a decision
 * @param port of Flight; 0 takes any free one
 * @param httpPort of metrics and health; 0 takes any free one, {@link #NO_HTTP} opens none
 * @param limits what the server refuses
 */
public record ServerOptions(
    StoreOptions store, String host, int port, int httpPort, Limits limits) {
  /** No HTTP port. */
  public static final int NO_HTTP = -1;

  public static final String HOST_DEFAULT = "127.0.0.1";
  public static final int PORT_DEFAULT = 8815;
  public static final int HTTP_PORT_DEFAULT = 9090;

  private static final int PORT_MAX = 65_535;

  public ServerOptions {
    Objects.requireNonNull(store, "store");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(limits, "limits");
    Limits.check("port", port, 0, PORT_MAX);
    Limits.check("http_port", httpPort, NO_HTTP, PORT_MAX);
  }

  /** The defaults, on this directory. */
  public static ServerOptions of(Path dataDirectory) {
    return new ServerOptions(
        StoreOptions.of(dataDirectory),
        HOST_DEFAULT,
        PORT_DEFAULT,
        HTTP_PORT_DEFAULT,
        Limits.DEFAULT);
  }

  /** The same on these ports. */
  public ServerOptions withPorts(int flight, int http) {
    return new ServerOptions(store, host, flight, http, limits);
  }

  /** The same on this address. */
  public ServerOptions withHost(String address) {
    return new ServerOptions(store, address, port, httpPort, limits);
  }

  /** The same with the datasets kept this way. */
  public ServerOptions withStore(StoreOptions options) {
    return new ServerOptions(options, host, port, httpPort, limits);
  }

  /** The same with these limits. */
  public ServerOptions withLimits(Limits other) {
    return new ServerOptions(store, host, port, httpPort, other);
  }
}
