package io.arbalest.bench.service;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Passes one TCP connection on to a server and counts what the server sends: what an answer takes
 * on the wire with all that Arrow, Flight, gRPC and HTTP/2 put around it, and without TCP's and
 * IP's headers, some 4% on Ethernet. It costs time, so speed is never measured through it.
 */
final class CountingRelay implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final ServerSocket listener;
  private final Socket server;
  private final AtomicLong fromServer = new AtomicLong();
  private Socket client;

  /**
   * @param port of the server, on the loopback address
   */
  CountingRelay(int port) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    listener = new ServerSocket(0, 1, loopback);
    server = new Socket(loopback, port);
    start("relay-accept", this::relay);
  }

  /** Where the client connects; it may do so once. */
  String uri() {
    return "grpc://127.0.0.1:" + listener.getLocalPort();
  }

  /** Bytes that the server has sent so far. */
  long bytes() {
    return fromServer.get();
  }

  private void relay() throws IOException {
    client = listener.accept();
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    start("relay-up", () -> copy(client.getInputStream(), server.getOutputStream(), null));
    copy(server.getInputStream(), client.getOutputStream(), fromServer);
  }

  private static void copy(InputStream from, OutputStream to, AtomicLong count) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
      if (count != null) {
        count.addAndGet(read);
      }
      to.write(buffer, 0, read);
    }
  }

  /** What copies until a socket is closed. */
  @FunctionalInterface
  private interface Copying {
    void run() throws IOException;
  }

  private static void start(String name, Copying copying) {
    Thread thread =
        new Thread(
            () -> {
              try {
                copying.run();
              } catch (IOException e) {
                // The sockets are closed: that is how a relay ends.
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    server.close();
    if (client != null) {
      client.close();
    }
  }
}
