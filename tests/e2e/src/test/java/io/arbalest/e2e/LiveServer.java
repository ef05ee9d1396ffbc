package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.ScanQuery;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.ArbalestServer;
import io.arbalest.server.Limits;
import io.arbalest.server.ServerOptions;
import io.arbalest.server.cli.io.Cells;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/** A server in this process with a client. Closing it checks that no call left memory behind. */
final class LiveServer implements AutoCloseable {
  private final ArbalestServer server;
  private final ArbalestClient client;

  private LiveServer(ServerOptions options) throws IOException {
    server = ArbalestServer.start(options);
    client = ArbalestClient.connect(server.uri());
  }

  static LiveServer start(Path data) throws IOException {
    return new LiveServer(ServerOptions.of(data).withPorts(0, 0));
  }

  static LiveServer start(Path data, Limits limits) throws IOException {
    return new LiveServer(ServerOptions.of(data).withPorts(0, 0).withLimits(limits));
  }

  static LiveServer start(ServerOptions options) throws IOException {
    return new LiveServer(options);
  }

  ArbalestServer server() {
    return server;
  }

  ArbalestClient client() {
    return client;
  }

  BufferAllocator allocator() {
    return client.allocator();
  }

  /** All hits of a search, as JSON rows. */
  List<ObjectNode> hits(SearchQuery query) {
    try (ResultStream results = client.search(query)) {
      return rows(results);
    }
  }

  /** Ids of the hits of a search with one query. */
  List<Long> ids(SearchQuery query) {
    return hits(query).stream().map(hit -> hit.get("id").longValue()).toList();
  }

  List<ObjectNode> scan(ScanQuery query) {
    try (ResultStream results = client.scan(query)) {
      return rows(results);
    }
  }

  static List<ObjectNode> rows(ResultStream results) {
    List<ObjectNode> rows = new ArrayList<>();
    while (results.next()) {
      for (int row = 0; row < results.root().getRowCount(); row++) {
        rows.add(Cells.row(results.root(), row));
      }
    }
    return rows;
  }

  @Override
  public void close() {
    client.close();
    Await.until("calls have given their memory back", () -> server.callMemoryBytes() == 0);
    server.close();
    assertThat(server.callMemoryBytes()).isZero();
  }
}
