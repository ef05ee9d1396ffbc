package io.arbalest.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Batches coming from the server. Close it, read to its end or not: closing early cancels the call.
 * Not thread-safe.
 */
public final class ResultStream implements AutoCloseable {
  private final FlightStream stream;
  private SearchStats stats;
  private boolean closed;

  ResultStream(FlightStream stream) {
    this.stream = stream;
  }

  /**
   * The schema; waits for it.
   *
   * @throws FlightRuntimeException with the server's status, if it refused the call
   */
  public Schema schema() {
    return stream.getSchema();
  }

  /**
   * Reads the next batch into {@link #root()}.
   *
   * @return false at the end
   * @throws FlightRuntimeException with the server's status
   */
  public boolean next() {
    if (!stream.next()) {
      return false;
    }
    ArrowBuf metadata = stream.getLatestMetadata();
    if (metadata != null) {
      JsonNode json = Json.parse(metadata);
      stats =
          new SearchStats(
              json.path("strategy").asText(),
              json.path("visited").asLong(),
              json.path("exhausted").asBoolean(),
              json.path("cached").asBoolean());
    }
    return true;
  }

  /** The current batch; overwritten by {@link #next()}, closed with the stream. */
  public VectorSchemaRoot root() {
    return stream.getRoot();
  }

  /** How the last answered batch was found; empty before, and for a scan. */
  public Optional<SearchStats> stats() {
    return Optional.ofNullable(stats);
  }

  /** Ends the call from this side; the reader gets CANCELLED. Any thread may call it. */
  void cancel(Throwable cause) {
    stream.cancel("the queries failed", cause);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      stream.close();
    } catch (FlightRuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("could not close the stream", e);
    }
  }
}
