package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.store.StoreException;
import java.util.function.Supplier;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The stream of batches from a client, read with suspicion: Arrow loads a batch without asking
 * whether its buffers are as long as its row count says, and everything behind this class reads by
 * address.
 */
final class Inbound {
  private final Call call;
  private final FlightStream stream;
  private long batches;

  Inbound(Call call, FlightStream stream) {
    this.call = call;
    this.stream = stream;
  }

  /**
   * Waits for the next batch and takes something from it.
   *
   * @param take called with the checked batch, which Flight may free after it returns
   * @return what {@code take} gave; null at the end of the stream, or when the wait was stopped
   */
  <T> T next(Take<T> take) {
    return call.awaitClient(() -> readable(() -> stream.next() ? take.from(checked()) : null));
  }

  /** The schema; null when the stream ended without one. Only after {@link #next}. */
  Schema schema() {
    return stream.hasRoot() ? stream.getRoot().getSchema() : null;
  }

  /** The descriptor that the client sent first. */
  FlightDescriptor descriptor() {
    return call.awaitClient(() -> readable(stream::getDescriptor));
  }

  /** Takes what it needs from a batch. */
  @FunctionalInterface
  interface Take<T> {
    T from(VectorSchemaRoot batch);
  }

  private VectorSchemaRoot checked() {
    if (!stream.hasRoot()) {
      throw StoreException.invalid("stream: found metadata before a schema, allowed after it");
    }
    VectorSchemaRoot root = stream.getRoot();
    batches++;
    Limits.check("batch " + (batches - 1) + ": rows", root.getRowCount(), 0, Limits.BATCH_ROWS_MAX);
    for (Field field : root.getSchema().getFields()) {
      if (field.getDictionary() != null) {
        throw StoreException.invalid(
            "column '%s': found a dictionary-encoded column, allowed plain ones", field.getName());
      }
    }
    for (FieldVector vector : root.getFieldVectors()) {
      BufferCheck.check(vector.getName(), vector, root.getRowCount());
    }
    return root;
  }

  /** What Arrow cannot read is the client's fault, in Arrow's words. */
  private <T> T readable(Supplier<T> read) {
    try {
      return read.get();
    } catch (FlightRuntimeException | StoreException | OutOfMemoryException e) {
      throw e;
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | IndexOutOfBoundsException e) {
      throw StoreException.invalid("batch %d: cannot be read: %s", batches, e.getMessage());
    }
  }
}
