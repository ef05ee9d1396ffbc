package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.flight.BackpressureStrategy;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The output of one call: cuts what it is given into batches of a bounded size and waits for the
 * reader before each, so that a slow reader holds one batch and the transport's buffer, never more.
 *
 * <p>Must be made before the handler returns to Flight: the strategy is told of readiness by
 * callbacks it registers here. Used by one thread at a time.
 */
final class BatchSender implements AutoCloseable {
  private final ServerStreamListener listener;
  private final Limits limits;
  private final BackpressureStrategy backpressure =
      new BackpressureStrategy.CallbackBackpressureStrategy();
  private VectorSchemaRoot out;
  private VectorLoader loader;

  BatchSender(ServerStreamListener listener, Limits limits) {
    this.listener = listener;
    this.limits = limits;
    backpressure.register(listener);
  }

  boolean isStarted() {
    return out != null;
  }

  /** Sends the schema. The allocator holds what is being sent, until {@link #close()}. */
  void start(Schema schema, BufferAllocator allocator) {
    out = VectorSchemaRoot.create(schema, allocator);
    loader = new VectorLoader(out);
    listener.start(out);
  }

  /**
   * Sends rows, which stay the caller's.
   *
   * @param lastMetadata goes with the last batch, as UTF-8; with it even no rows are sent as a
   *     batch; null for none
   */
  void send(VectorSchemaRoot rows, String lastMetadata) {
    int total = rows.getRowCount();
    if (total == 0 && lastMetadata == null) {
      return;
    }
    int step = rowsPerBatch(rows);
    int from = 0;
    do {
      int count = Math.min(step, total - from);
      awaitReader();
      load(rows, from, count);
      from += count;
      listener.putNext(from == total && lastMetadata != null ? utf8(lastMetadata) : null);
      out.clear();
    } while (from < total);
  }

  @Override
  public void close() {
    if (out != null) {
      out.close();
    }
  }

  private void load(VectorSchemaRoot rows, int from, int count) {
    if (from == 0 && count == rows.getRowCount()) {
      try (ArrowRecordBatch batch = new VectorUnloader(rows).getRecordBatch()) {
        loader.load(batch);
      }
      return;
    }
    try (VectorSchemaRoot slice = rows.slice(from, count);
        ArrowRecordBatch batch = new VectorUnloader(slice).getRecordBatch()) {
      loader.load(batch);
    }
  }

  private int rowsPerBatch(VectorSchemaRoot rows) {
    long bytes = 0;
    for (FieldVector vector : rows.getFieldVectors()) {
      bytes += vector.getBufferSize();
    }
    long bytesPerRow = Math.max(1, bytes / Math.max(1, rows.getRowCount()));
    return (int) Math.max(1, limits.outgoingBatchBytes() / bytesPerRow);
  }

  private void awaitReader() {
    switch (backpressure.waitForListener(limits.slowReaderMillis())) {
      case READY -> {}
      case CANCELLED -> throw new CancelledCallException();
      case TIMEOUT ->
          throw new StoreException(
              Category.DEADLINE_EXCEEDED,
              "the reader took nothing for %d ms (slow_reader_ms)"
                  .formatted(limits.slowReaderMillis()));
      case OTHER -> throw new IllegalStateException("interrupted while waiting for the reader");
    }
  }

  /** A buffer that the transport owns and frees. */
  private ArrowBuf utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ArrowBuf buffer = out.getFieldVectors().get(0).getAllocator().buffer(bytes.length);
    buffer.writeBytes(bytes);
    return buffer;
  }
}
