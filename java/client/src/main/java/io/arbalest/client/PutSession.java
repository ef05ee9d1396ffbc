package io.arbalest.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightClient.PutListener;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.vector.VectorSchemaRoot;

/** One DoPut call of a {@link PutStream}: a stream out, acknowledgements in, one end. */
final class PutSession implements PutListener {
  private final ClientStreamListener writer;
  private final CallEnds.End end;
  private final BiConsumer<PutSession, PutAck> onAck;
  private final Runnable onEnd;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private boolean sendingFinished;

  PutSession(
      FlightClient flight,
      CallEnds ends,
      FlightDescriptor descriptor,
      VectorSchemaRoot root,
      BiConsumer<PutSession, PutAck> onAck,
      Runnable onEnd) {
    this.onAck = onAck;
    this.onEnd = onEnd;
    this.writer = flight.startPut(descriptor, this);
    this.end = ends.takeLatest();
    writer.start(root);
  }

  /** Sends what the root holds; does nothing once the call is over. */
  void send() {
    end.awaitReady(writer);
    if (!isOver()) {
      writer.putNext();
    }
  }

  void finishSending() {
    if (!sendingFinished && !isOver()) {
      sendingFinished = true;
      writer.completed();
    }
  }

  void cancel() {
    if (!isOver()) {
      writer.error(
          CallStatus.CANCELLED.withDescription("closed by the client").toRuntimeException());
    }
  }

  boolean isOver() {
    return ended.isDone();
  }

  /** Why the call failed; null if it did not. Only once it is over. */
  FlightRuntimeException failure() {
    try {
      ended.get();
      return null;
    } catch (ExecutionException e) {
      return e.getCause() instanceof FlightRuntimeException failure
          ? failure
          : CallStatus.INTERNAL.withCause(e.getCause()).toRuntimeException();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  void throwIfFailed() {
    FlightRuntimeException failure = failure();
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void onNext(PutResult result) {
    // The buffer is the transport's and freed when this returns.
    if (result.getApplicationMetadata() != null) {
      onAck.accept(this, PutAck.of(Json.parse(result.getApplicationMetadata())));
    }
  }

  @Override
  public void onError(Throwable failure) {
    ended.completeExceptionally(failure);
    onEnd.run();
  }

  @Override
  public void onCompleted() {
    ended.complete(null);
    onEnd.run();
  }

  @Override
  public void getResult() {
    throwIfFailed();
  }

  @Override
  public boolean isCancelled() {
    return isOver();
  }
}
