package io.arbalest.server.flight;

import io.arbalest.server.metrics.Metrics;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands in front of every call: counts it, turns it away when too many are under way, and gives it
 * its {@link Call}. An interceptor of the transport and not Flight's middleware, because only the
 * transport tells of each call's end exactly once.
 */
final class CallGate implements ServerInterceptor {
  private final Semaphore places;
  private final int calls;
  private final Metrics metrics;
  private final AtomicLong ids = new AtomicLong();

  CallGate(int calls, Metrics metrics) {
    this.calls = calls;
    this.places = new Semaphore(calls);
    this.metrics = metrics;
  }

  /** Calls under way. */
  int underWay() {
    return calls - places.availablePermits();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> wire, Metadata headers, ServerCallHandler<Q, R> next) {
    String method = wire.getMethodDescriptor().getBareMethodName();
    Metrics.Timer timer = metrics.callStarted(method);
    if (!places.tryAcquire()) {
      Status status =
          Status.RESOURCE_EXHAUSTED.withDescription(
              "calls: found " + calls + " under way, allowed " + calls + "; try again later");
      timer.ended(status.getCode());
      wire.close(status, new Metadata());
      return new ServerCall.Listener<>() {};
    }
    Call call = new Call("call-" + ids.incrementAndGet(), method, wire, places::release);
    boolean started = false;
    try {
      ServerCall.Listener<Q> listener = start(call, timer, wire, headers, next);
      started = true;
      return listener;
    } finally {
      if (!started) {
        call.transportDone();
      }
    }
  }

  private static <Q, R> ServerCall.Listener<Q> start(
      Call call,
      Metrics.Timer timer,
      ServerCall<Q, R> wire,
      Metadata headers,
      ServerCallHandler<Q, R> next) {
    AtomicBoolean timed = new AtomicBoolean();
    ServerCall<Q, R> watched =
        new SimpleForwardingServerCall<>(wire) {
          @Override
          public void sendMessage(R message) {
            if (!call.isCancelled()) {
              super.sendMessage(message);
            }
          }

          @Override
          public void close(Status status, Metadata trailers) {
            if (timed.compareAndSet(false, true)) {
              timer.ended(status.getCode());
            }
            // The transport has ended a cancelled call by itself. A second end on the same stream
            // makes it drop the whole connection, with everybody's calls.
            if (!call.isCancelled()) {
              super.close(status, trailers);
            }
          }
        };
    Context context = call.attachedTo(Context.current());
    ServerCall.Listener<Q> listener = Contexts.interceptCall(context, watched, headers, next);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onReady() {
        call.ready();
        super.onReady();
      }

      @Override
      public void onCancel() {
        if (timed.compareAndSet(false, true)) {
          timer.ended(Status.Code.CANCELLED);
        }
        // First the code that answers leaves what Flight frees next.
        call.cancel();
        try {
          super.onCancel();
        } finally {
          call.transportDone();
        }
      }

      @Override
      public void onComplete() {
        try {
          super.onComplete();
        } finally {
          call.transportDone();
        }
      }
    };
  }
}
