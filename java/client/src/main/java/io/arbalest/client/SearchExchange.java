package io.arbalest.client;

import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightClient.ExchangeReaderWriter;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * A batch search: queries stream out while answers stream in. One thread may send while another
 * reads {@link #results()}; with one thread for both, send few batches before reading, because the
 * server stops taking queries when its answers are not read.
 */
public final class SearchExchange implements AutoCloseable {
  private final ClientStreamListener writer;
  private final ResultStream results;
  private final CallEnds.End end;

  SearchExchange(FlightClient flight, CallEnds ends, SearchQuery query, VectorSchemaRoot queries) {
    ExchangeReaderWriter exchange =
        flight.doExchange(FlightDescriptor.command(Json.bytes(query.json())));
    end = ends.takeLatest();
    writer = exchange.getWriter();
    writer.start(queries);
    results = new ResultStream(exchange.getReader());
  }

  /**
   * Sends the queries that the root holds now; waits while the server takes none. After the server
   * ended the call this does nothing: {@link #results()} tells why.
   */
  public void send() {
    end.awaitReady(writer);
    writer.putNext();
  }

  /** Says that no query follows. */
  public void finishSending() {
    writer.completed();
  }

  /** The answers: one batch or more for each batch of queries, in order. */
  public ResultStream results() {
    return results;
  }

  void cancel(Throwable cause) {
    results.cancel(cause);
  }

  /** Ends the call, so that a waiting {@link #send()} returns. */
  void stop() {
    results.close();
  }

  @Override
  public void close() {
    stop();
  }
}
