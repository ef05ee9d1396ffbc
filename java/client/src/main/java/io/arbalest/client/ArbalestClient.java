package io.arbalest.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * A connection to an Arbalest server: Flight calls with types.
 *
 * <pre>{@code
 * try (ArbalestClient client = ArbalestClient.connect("grpc://127.0.0.1:8815")) {
 *   client.put("glosses", batch);
 *   try (ResultStream hits = client.search(SearchQuery.of("glosses").vector(v).k(5))) {
 *     while (hits.next()) {
 *       print(hits.root());
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Every call throws {@link FlightRuntimeException} with the server's status and message.
 * Thread-safe; the streams it hands out are not. Close them before the client: what they hold is
 * memory of the client's allocator.
 */
public final class ArbalestClient implements AutoCloseable {
  private final RootAllocator ownAllocator;
  private final BufferAllocator allocator;
  private final CallEnds ends = new CallEnds();
  private final FlightClient flight;

  private ArbalestClient(Location location, BufferAllocator parent) {
    ownAllocator = parent == null ? new RootAllocator() : null;
    allocator =
        parent == null ? ownAllocator : parent.newChildAllocator("client", 0, Long.MAX_VALUE);
    flight = FlightClient.builder(allocator, location).intercept(ends).build();
  }

  /**
   * Connects with an allocator of its own.
   *
   * @param uri {@code grpc://host:port}
   */
  public static ArbalestClient connect(String uri) {
    return new ArbalestClient(ServerUri.parse(uri), null);
  }

  /**
   * Connects.
   *
   * @param uri {@code grpc://host:port}
   * @param parent its child holds all memory of this client
   */
  public static ArbalestClient connect(String uri, BufferAllocator parent) {
    return new ArbalestClient(ServerUri.parse(uri), parent);
  }

  /** Memory of this client; for building batches, for example. */
  public BufferAllocator allocator() {
    return allocator;
  }

  /** The Flight client underneath, for calls that have no method here. */
  public FlightClient flight() {
    return flight;
  }

  /** Puts one batch and waits for its acknowledgement. A new name creates the dataset. */
  public PutAck put(String dataset, VectorSchemaRoot batch) {
    try (PutStream stream = openPut(dataset, batch, PutOptions.DEFAULT)) {
      stream.put(batch);
      return stream.finish();
    }
  }

  /**
   * Puts every batch of the source.
   *
   * @return the last acknowledgement; null if there was no batch
   */
  public PutAck put(String dataset, BatchSource source, PutOptions options) throws IOException {
    try (PutStream stream = openPut(dataset, source.root(), options)) {
      while (source.next()) {
        stream.put(source.root());
      }
      return stream.finish();
    }
  }

  /** Opens a put of batches of the schema of {@code like}, metadata included. */
  public PutStream openPut(String dataset, VectorSchemaRoot like, PutOptions options) {
    return new PutStream(flight, ends, allocator, dataset, like, options);
  }

  /** Searches with the vectors or the id in the query. */
  public ResultStream search(SearchQuery query) {
    return stream("search", query.json());
  }

  /** Joins the rows of one dataset with their nearest of another. */
  public ResultStream knnJoin(KnnJoinQuery query) {
    return stream("knn-join", query.json());
  }

  /** Finds pairs of rows that are near each other. */
  public ResultStream dedup(DedupQuery query) {
    return stream("dedup", query.json());
  }

  /**
   * Opens a batch search.
   *
   * @param query without vectors: they stream
   * @param queries the root that holds each batch of queries: a {@code vector} column and, if
   *     wanted, a {@code query} column of keys
   */
  public SearchExchange openSearch(SearchQuery query, VectorSchemaRoot queries) {
    return new SearchExchange(flight, ends, query, queries);
  }

  /**
   * Searches with every batch of the source, sending and reading at the same time.
   *
   * @param onBatch called by this thread with each batch of answers, in the order of the queries
   */
  public void searchMany(SearchQuery query, BatchSource queries, Consumer<ResultStream> onBatch)
      throws IOException {
    try (SearchExchange exchange = openSearch(query, queries.root())) {
      CompletableFuture<Void> sender = new CompletableFuture<>();
      Thread thread = new Thread(() -> send(exchange, queries, sender), "arbalest-queries");
      thread.setDaemon(true);
      thread.start();
      try {
        while (exchange.results().next()) {
          onBatch.accept(exchange.results());
        }
      } catch (FlightRuntimeException e) {
        IOException source = sourceFailure(sender, exchange);
        if (source != null) {
          throw source;
        }
        throw e;
      } finally {
        exchange.stop();
        sender.handle((done, failure) -> null).join();
      }
    }
  }

  /** Reads the live rows in the order they were written. */
  public ResultStream scan(ScanQuery query) {
    return stream("scan", query.json());
  }

  /** Reads what a ticket stands for, such as that of an endpoint. */
  public ResultStream redeem(Ticket ticket) {
    return new ResultStream(flight.getStream(ticket));
  }

  /** Every dataset. */
  public List<DatasetInfo> datasets() {
    List<DatasetInfo> datasets = new ArrayList<>();
    for (FlightInfo info : flight.listFlights(Criteria.ALL)) {
      datasets.add(infoOf(info));
    }
    return datasets;
  }

  /** Name, schema and row count of a dataset. */
  public DatasetInfo info(String dataset) {
    return infoOf(flight.getInfo(FlightDescriptor.path(dataset)));
  }

  /** Creates a dataset without rows; the fields are those of the action {@code create-dataset}. */
  public JsonNode create(ObjectNode spec) {
    return act("create-dataset", spec);
  }

  /** What the dataset is: metric, element, id type, dimension, columns, M, ef_construction. */
  public JsonNode describe(String dataset) {
    return act("describe-dataset", named(dataset));
  }

  /**
   * Adds columns, null in the rows there are; those that the dataset has are passed over.
   *
   * @param columns types by name, as {@code create-dataset} has them: {@code "int32"}
   */
  public JsonNode addColumns(String dataset, Map<String, String> columns) {
    ObjectNode body = named(dataset);
    ArrayNode array = body.putArray("columns");
    columns.forEach((name, type) -> array.addObject().put("name", name).put("type", type));
    return act("add-columns", body);
  }

  /** Removes the dataset and its files. */
  public void drop(String dataset) {
    act("drop-dataset", named(dataset));
  }

  /** Deletes rows by their ids. */
  public DeleteAck delete(String dataset, long... ids) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(ids.length);
    for (long id : ids) {
      array.add(id);
    }
    return delete(dataset, array);
  }

  /** Deletes rows by their ids. */
  public DeleteAck delete(String dataset, List<String> ids) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(ids.size());
    ids.forEach(array::add);
    return delete(dataset, array);
  }

  /**
   * Deletes the rows that match a filter, such as {@code {"field":"year","op":"<","value":1990}}.
   *
   * @throws IllegalArgumentException if it is not JSON
   */
  public DeleteAck deleteMatching(String dataset, String filter) {
    return delete(named(dataset).set("filter", Json.parse("filter", filter)));
  }

  /** Waits until every acknowledged row is in the graph. */
  public JsonNode flush(String dataset) {
    return act("flush", named(dataset));
  }

  /** Packs the graph. */
  public JsonNode freeze(String dataset) {
    return act("freeze", named(dataset));
  }

  /** Writes a snapshot and trims the log behind it. */
  public JsonNode snapshot(String dataset) {
    return act("snapshot", named(dataset));
  }

  /** Figures of the server and all datasets. */
  public JsonNode status() {
    return act("status", JsonNodeFactory.instance.objectNode());
  }

  /** Figures of one dataset. */
  public JsonNode status(String dataset) {
    return act("status", named(dataset));
  }

  @Override
  public void close() {
    try {
      flight.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    allocator.close();
  }

  private DeleteAck delete(String dataset, ArrayNode ids) {
    return delete(named(dataset).set("ids", ids));
  }

  private DeleteAck delete(ObjectNode what) {
    JsonNode answer = act("delete", what);
    return new DeleteAck(answer.path("sequence").asLong(), answer.path("deleted").asLong());
  }

  private ResultStream stream(String kind, ObjectNode body) {
    ObjectNode ticket = JsonNodeFactory.instance.objectNode().set(kind, body);
    return redeem(new Ticket(Json.bytes(ticket)));
  }

  private JsonNode act(String action, JsonNode body) {
    Iterator<Result> results = flight.doAction(new Action(action, Json.bytes(body)));
    JsonNode answer = Json.parse(results.next().getBody());
    // Reading to the end is what delivers a late error.
    results.forEachRemaining(extra -> {});
    return answer;
  }

  private static ObjectNode named(String dataset) {
    return JsonNodeFactory.instance.objectNode().put("dataset", dataset);
  }

  private static DatasetInfo infoOf(FlightInfo info) {
    return new DatasetInfo(
        info.getDescriptor().getPath().get(0),
        info.getSchemaOptional().orElseThrow(),
        info.getRecords());
  }

  private static void send(
      SearchExchange exchange, BatchSource queries, CompletableFuture<Void> done) {
    try {
      while (queries.next()) {
        exchange.send();
      }
      exchange.finishSending();
      done.complete(null);
    } catch (IOException | RuntimeException e) {
      // The reader must not wait for answers to queries that never come.
      exchange.cancel(e);
      done.completeExceptionally(e);
    }
  }

  /** Why the queries could not be read, if that is what ended the call; else null. */
  private static IOException sourceFailure(
      CompletableFuture<Void> sender, SearchExchange exchange) {
    exchange.stop();
    try {
      sender.join();
      return null;
    } catch (CompletionException e) {
      return e.getCause() instanceof IOException cause ? cause : null;
    }
  }
}
