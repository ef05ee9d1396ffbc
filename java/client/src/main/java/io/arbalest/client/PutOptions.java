package io.arbalest.client;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How a {@link PutStream} behaves.
 *
 * @param window batches sent and not acknowledged, at most; also what is kept for sending again
 * @param retryFor how long to keep trying without a single acknowledgement when the server answers
 *     RESOURCE_EXHAUSTED; zero fails at once
 * @param onAck called for every acknowledged batch, in the order of the puts, by a thread of the
 *     transport: it must not block
 */
public record PutOptions(int window, Duration retryFor, Consumer<PutAck> onAck) {
  /** Sixteen batches under way, half a minute of patience, nobody told. */
  public static final PutOptions DEFAULT = new PutOptions(16, Duration.ofSeconds(30), ack -> {});

  public PutOptions {
    if (window < 1) {
      throw new IllegalArgumentException("window: found " + window + ", allowed 1 or more");
    }
  }

  /** The same with this many batches under way. */
  public PutOptions withWindow(int batches) {
    return new PutOptions(batches, retryFor, onAck);
  }

  /** The same with this much patience. */
  public PutOptions withRetryFor(Duration patience) {
    return new PutOptions(window, patience, onAck);
  }

  /** The same with this listener. */
  public PutOptions withOnAck(Consumer<PutAck> listener) {
    return new PutOptions(window, retryFor, listener);
  }
}
