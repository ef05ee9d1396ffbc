package io.arbalest.server.flight;

import io.arbalest.server.Limits;
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
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands in front of every call: counts it, turns it away when too many are under way or memory is
 * used up, and gives it its {@link Call}. An interceptor of the transport and not Flight's
 * middleware, because only the transport tells of each call's end exactly once.
 */
final class CallGate implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(CallGate.class);

  private final Semaphore places;
  private final int calls;
  private final LongSupplier memory;
  private final long memoryBytes;
  private final Metrics metrics;
  private final AtomicLong ids = new AtomicLong();

  /**
   * @param limits the calls and the memory that there are
   * @param memory what calls use now, in bytes
   */
  CallGate(Limits limits, LongSupplier memory, Metrics metrics) {
    this.calls = limits.calls();
    this.places = new Semaphore(calls);
    this.memory = memory;
    this.memoryBytes = limits.callMemoryBytes();
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

  private <Q, R> ServerCall.Listener<Q> start(
      Call call,
      Metrics.Timer timer,
      ServerCall<Q, R> wire,
      Metadata headers,
      ServerCallHandler<Q, R> next) {
    WatchedCall<Q, R> watched = new WatchedCall<>(wire, call, timer);
    Context context = call.attachedTo(Context.current());
    ServerCall.Listener<Q> listener = Contexts.interceptCall(context, watched, headers, next);
    return new WatchedListener<>(listener, call, watched);
  }

  /** What goes out: nothing, once the call is over. */
  private static final class WatchedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Call call;
    private final Metrics.Timer timer;
    private final AtomicBoolean timed = new AtomicBoolean();

    WatchedCall(ServerCall<Q, R> wire, Call call, Metrics.Timer timer) {
      super(wire);
      this.call = call;
      this.timer = timer;
    }

    // The transport has ended a cancelled call by itself. Headers or a second end on the same
    // stream make it drop the whole connection, with everybody's calls.

    @Override
    public void sendHeaders(Metadata headers) {
      if (!call.isCancelled()) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public void sendMessage(R message) {
      if (!call.isCancelled()) {
        super.sendMessage(message);
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      ended(status.getCode());
      if (!call.isCancelled()) {
        super.close(status, trailers);
      }
    }

    void ended(Status.Code code) {
      if (timed.compareAndSet(false, true)) {
        timer.ended(code);
      }
    }
  }

  /** What comes in. The transport calls it from one thread at a time. */
  private final class WatchedListener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final Call call;
    private final WatchedCall<Q, ?> watched;
    private boolean refused;

    WatchedListener(ServerCall.Listener<Q> next, Call call, WatchedCall<Q, ?> watched) {
      super(next);
      this.call = call;
      this.watched = watched;
    }

    @Override
    public void onMessage(Q message) {
      long used = memory.getAsLong();
      if (!refused && used <= memoryBytes) {
        super.onMessage(message);
        return;
      }
      free(message);
      if (!refused) {
        refused = true;
        watched.close(
            Status.RESOURCE_EXHAUSTED.withDescription(
                "memory for calls: found %d bytes in use, allowed %d (call_memory_bytes)"
                    .formatted(used, memoryBytes)),
            new Metadata());
        leave();
      }
    }

    @Override
    public void onHalfClose() {
      if (!refused) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      call.ready();
      super.onReady();
    }

    @Override
    public void onCancel() {
      watched.ended(Status.Code.CANCELLED);
      try {
        if (!refused) {
          leave();
        }
      } finally {
        call.transportDone();
      }
    }

    @Override
    public void onComplete() {
      // Usually the code that answers is done. It is not where the transport ended the call, as it
      // does with a message that it cannot read; nobody else would wake it.
      watched.ended(Status.Code.UNKNOWN);
      call.cancel();
      try {
        super.onComplete();
      } finally {
        call.transportDone();
      }
    }

    /** First the code that answers leaves what Flight holds, then Flight frees it. */
    private void leave() {
      call.cancel();
      super.onCancel();
    }
  }

  private static void free(Object message) {
    if (message instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        LOG.warn("a refused message was not freed", e);
      }
    }
  }
}
