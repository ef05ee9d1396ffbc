package io.arbalest.client;

import java.net.URI;
import java.net.URISyntaxException;
import org.apache.arrow.flight.Location;

/** Reads {@code grpc://host[:port]}. */
final class ServerUri {
  private static final int PORT_DEFAULT = 8815;

  private ServerUri() {}

  static Location parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw wrong(text, e);
    }
    boolean plain = "grpc".equals(uri.getScheme()) || "grpc+tcp".equals(uri.getScheme());
    if (!plain || uri.getHost() == null) {
      throw wrong(text, null);
    }
    int port = uri.getPort() < 0 ? PORT_DEFAULT : uri.getPort();
    return Location.forGrpcInsecure(uri.getHost(), port);
  }

  private static IllegalArgumentException wrong(String text, Exception cause) {
    return new IllegalArgumentException(
        "server: found '" + text + "', allowed grpc://HOST[:PORT]", cause);
  }
}
