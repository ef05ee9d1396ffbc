package io.arbalest.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.arbalest.server.Limits;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Predicate;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The HTTP port: {@code /metrics} for Prometheus, {@code /healthz} and {@code /readyz} for whoever
 * runs the server. Only GET, only these paths.
 */
public final class HttpPort implements AutoCloseable {
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int UNAVAILABLE = 503;

  private final HttpServer server;
  private final ThreadPoolExecutor threads;

  private HttpPort(HttpServer server, ThreadPoolExecutor threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Listens.
   *
   * @param port 0 for any free one
   * @param unhealthy why the process should be started anew; null while it is well
   * @param notReady why no call should come here now; null while it is ready
   * @throws IOException if the port is taken
   */
  public static HttpPort start(
      String host,
      int port,
      CollectorRegistry registry,
      Supplier<String> unhealthy,
      Supplier<String> notReady)
      throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(host, port), Limits.HTTP_QUEUE);
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            Limits.HTTP_THREADS,
            Limits.HTTP_THREADS,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(Limits.HTTP_QUEUE),
            task -> {
              Thread thread = new Thread(task, "arbalest-http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext(
        "/metrics", exchange -> answer(exchange, "/metrics", () -> metrics(registry)));
    server.createContext(
        "/healthz", exchange -> answer(exchange, "/healthz", () -> state(unhealthy.get())));
    server.createContext(
        "/readyz", exchange -> answer(exchange, "/readyz", () -> state(notReady.get())));
    server.createContext(
        "/", exchange -> answer(exchange, null, () -> new Answer(NOT_FOUND, "not found\n")));
    server.start();
    return new HttpPort(server, threads);
  }

  /** The port that listens. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
  }

  private static Answer state(String wrong) {
    return wrong == null ? new Answer(OK, "ok\n") : new Answer(UNAVAILABLE, wrong + "\n");
  }

  private static Answer metrics(CollectorRegistry registry) {
    StringWriter text = new StringWriter();
    try {
      // A creation time a counter would double the page, and nobody here reads them.
      Predicate<String> wanted = name -> !name.endsWith("_created");
      TextFormat.write004(text, registry.filteredMetricFamilySamples(wanted));
    } catch (IOException e) {
      throw new UncheckedIOException("a string writer does not fail", e);
    }
    return new Answer(OK, text.toString());
  }

  private static void answer(HttpExchange exchange, String path, Supplier<Answer> content)
      throws IOException {
    try (exchange) {
      Answer answer;
      if (!exchange.getRequestMethod().equals("GET")) {
        answer = new Answer(METHOD_NOT_ALLOWED, "allowed: GET\n");
      } else if (path != null && !exchange.getRequestURI().getPath().equals(path)) {
        answer = new Answer(NOT_FOUND, "not found\n");
      } else {
        answer = content.get();
      }
      byte[] body = answer.text().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", TextFormat.CONTENT_TYPE_004);
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private record Answer(int status, String text) {}
}
