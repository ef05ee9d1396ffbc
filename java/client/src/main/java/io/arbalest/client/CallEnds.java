package io.arbalest.client;

import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallInfo;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightClientMiddleware;

/**
 * Tells a sender when its call has ended. Flight waits for room in a stream by spinning on a core;
 * a wait that sleeps instead must know when to give up, and Flight keeps that to itself. Middleware
 * sees it: one {@link End} a call, made in the thread that starts the call.
 */
final class CallEnds implements FlightClientMiddleware.Factory {
  private static final long READY_POLL_NANOS = 100_000;

  private final ThreadLocal<End> latest = new ThreadLocal<>();

  @Override
  public FlightClientMiddleware onCallStarted(CallInfo info) {
    End end = new End();
    latest.set(end);
    return end;
  }

  /** The end of the call that this thread started last. */
  End takeLatest() {
    End end = latest.get();
    latest.remove();
    return end;
  }

  /** Whether one call is over. */
  static final class End implements FlightClientMiddleware {
    private volatile boolean over;

    /** Waits until the stream takes a message or the call is over. */
    void awaitReady(ClientStreamListener writer) {
      while (!over && !writer.isReady()) {
        LockSupport.parkNanos(READY_POLL_NANOS);
      }
    }

    @Override
    public void onBeforeSendingHeaders(CallHeaders outgoingHeaders) {
      // Only the end matters here.
    }

    @Override
    public void onHeadersReceived(CallHeaders incomingHeaders) {
      // Only the end matters here.
    }

    @Override
    public void onCallCompleted(CallStatus status) {
      over = true;
    }
  }
}
