package io.arbalest.server.flight;

import io.arbalest.store.WriteReceipt;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The acknowledgements of one DoPut: one a batch, in the order of the batches, each as soon as the
 * batch and all before it are durable. The first failure ends them: no later batch of the stream is
 * acknowledged, though it may have been applied.
 */
final class AckWriter {
  private final Call call;
  private final Room room;
  private final StreamListener<PutResult> results;
  private final BufferAllocator allocator;
  private final Semaphore window;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

  AckWriter(Call call, Room room, StreamListener<PutResult> results, BufferAllocator allocator) {
    this.call = call;
    this.room = room;
    this.results = results;
    this.allocator = allocator;
    this.window = new Semaphore(room.limits().putsInFlight());
  }

  /** Waits until another batch may be under way. */
  void awaitRoom() {
    window.acquireUninterruptibly();
  }

  /** Acknowledges a batch when it is durable. The batch took its room by {@link #awaitRoom}. */
  void add(CompletableFuture<WriteReceipt> write, int rows) {
    last =
        last.thenCombineAsync(
            write,
            (before, receipt) -> {
              send(receipt, rows);
              return null;
            },
            room.threads().acks());
    last.whenComplete(
        (done, failure) -> {
          window.release();
          if (failure != null) {
            // The reading thread may wait for a client that waits for this acknowledgement.
            call.stopWaiting();
          }
        });
  }

  boolean isFailed() {
    return last.isCompletedExceptionally();
  }

  /** Waits until every batch added is acknowledged or one has failed. */
  void awaitLast() {
    last.handle((done, failure) -> null).join();
  }

  /** Throws why the acknowledgements ended early, if they did. */
  void throwIfFailed() {
    try {
      last.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private void send(WriteReceipt receipt, int rows) {
    if (call.isCancelled()) {
      throw new CancelledCallException();
    }
    room.metrics().rowsPut(rows);
    byte[] json = json(receipt).getBytes(StandardCharsets.UTF_8);
    ArrowBuf buffer = allocator.buffer(json.length);
    buffer.writeBytes(json);
    // Flight copies the bytes; the buffer is freed here.
    try (PutResult result = PutResult.metadata(buffer)) {
      results.onNext(result);
    }
  }

  private static String json(WriteReceipt receipt) {
    return "{\"sequence\":%d,\"durable\":%b,\"indexed_sequence\":%d,\"slow_down\":%b}"
        .formatted(
            receipt.sequence(), receipt.durable(), receipt.indexedSequence(), receipt.slowDown());
  }
}
