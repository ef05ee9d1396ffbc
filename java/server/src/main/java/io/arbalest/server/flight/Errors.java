package io.arbalest.server.flight;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.StoreException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.memory.OutOfMemoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where failures become the statuses of the wire. */
final class Errors {
  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

  private Errors() {}

  /**
   * The status for a failure. What is not the client's doing is a fault of the server: it is logged
   * with the call's id, and the client is told the id and nothing else.
   */
  static FlightRuntimeException toFlight(Throwable failure, Call call) {
    if (failure instanceof FlightRuntimeException flight) {
      return flight;
    }
    if (failure instanceof StoreException store) {
      return of(store, call);
    }
    if (failure instanceof ArbalestException engine) {
      return of(StoreException.of(engine), call);
    }
    if (failure instanceof CancelledCallException) {
      return CallStatus.CANCELLED.withDescription(failure.getMessage()).toRuntimeException();
    }
    boolean wrapped =
        failure instanceof CompletionException || failure instanceof ExecutionException;
    if (wrapped && failure.getCause() != null) {
      return toFlight(failure.getCause(), call);
    }
    if (failure instanceof OutOfMemoryException) {
      return status(
          CallStatus.RESOURCE_EXHAUSTED,
          "memory for calls is used up (call_memory_bytes): " + failure.getMessage());
    }
    if (failure instanceof RejectedExecutionException) {
      return status(CallStatus.UNAVAILABLE, "the server is stopping");
    }
    return internal(failure, call);
  }

  private static FlightRuntimeException of(StoreException failure, Call call) {
    String message = failure.getMessage();
    return switch (failure.category()) {
      case INVALID_ARGUMENT -> status(CallStatus.INVALID_ARGUMENT, message);
      case NOT_FOUND -> status(CallStatus.NOT_FOUND, message);
      case ALREADY_EXISTS -> status(CallStatus.ALREADY_EXISTS, message);
      case RESOURCE_EXHAUSTED -> status(CallStatus.RESOURCE_EXHAUSTED, message);
      case DEADLINE_EXCEEDED -> status(CallStatus.TIMED_OUT, message);
      case UNIMPLEMENTED -> status(CallStatus.UNIMPLEMENTED, message);
      // A damaged file is an operator's to repair, and no fault of this program.
      case UNAVAILABLE, CORRUPT -> status(CallStatus.UNAVAILABLE, message);
      case INTERNAL -> internal(failure, call);
    };
  }

  private static FlightRuntimeException internal(Throwable failure, Call call) {
    LOG.error("{} {} failed: a fault of the server", call.id(), call.method(), failure);
    return status(
        CallStatus.INTERNAL, "a fault of the server; its log tells more under " + call.id());
  }

  private static FlightRuntimeException status(CallStatus status, String message) {
    return status.withDescription(message).toRuntimeException();
  }
}
