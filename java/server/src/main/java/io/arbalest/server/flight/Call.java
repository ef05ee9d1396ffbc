package io.arbalest.server.flight;

import io.grpc.Context;
import io.grpc.ServerCall;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * One call under way. It holds its place among {@code Limits.calls} until both the transport and
 * the code that answers it are done with it: so a cancelled call whose code still runs is counted.
 *
 * <p>It also knows what Flight does not tell a producer: whether acknowledgements pile up, and how
 * to leave a wait for a client that went away.
 */
final class Call {
  private static final Context.Key<Call> KEY = Context.key("arbalest.call");

  private final String id;
  private final String method;
  private final ServerCall<?, ?> wire;
  private final Runnable onReleased;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final AtomicBoolean transportDone = new AtomicBoolean();

  /** Guards {@link #waiter} and {@link #cancelled}; waited on for readiness. */
  private final Object lock = new Object();

  private Thread waiter;
  private boolean cancelled;
  private boolean stopped;

  Call(String id, String method, ServerCall<?, ?> wire, Runnable onReleased) {
    this.id = id;
    this.method = method;
    this.wire = wire;
    this.onReleased = onReleased;
  }

  /** The call that this thread answers. */
  static Call current() {
    Call call = KEY.get();
    if (call == null) {
      throw new IllegalStateException("no call: the gate is not in front of this service");
    }
    return call;
  }

  Context attachedTo(Context context) {
    return context.withValue(KEY, this);
  }

  /** Names the call in logs and in messages of internal errors. */
  String id() {
    return id;
  }

  /** The Flight method. */
  String method() {
    return method;
  }

  /** Ends the work of a call that its client has left. */
  void checkCancelled() {
    if (isCancelled()) {
      throw new CancelledCallException();
    }
  }

  boolean isCancelled() {
    synchronized (lock) {
      return cancelled;
    }
  }

  /** The code that answers begins; it ends with {@link #leave}. */
  void enter() {
    holders.incrementAndGet();
  }

  void leave() {
    if (holders.decrementAndGet() == 0) {
      onReleased.run();
    }
  }

  /**
   * Waits for the client. Flight's waits do not end when a client goes away before it has sent a
   * descriptor; this one is interrupted then. Nothing that touches files may run inside: an
   * interrupt closes file channels.
   *
   * @return what the wait gives, or null after {@link #stopWaiting}
   */
  <T> T awaitClient(Supplier<T> wait) {
    synchronized (lock) {
      if (cancelled) {
        throw new CancelledCallException();
      }
      if (stopped) {
        return null;
      }
      waiter = Thread.currentThread();
    }
    try {
      return wait.get();
    } catch (RuntimeException e) {
      synchronized (lock) {
        if (cancelled) {
          throw new CancelledCallException();
        }
        if (stopped) {
          return null;
        }
      }
      throw e;
    } finally {
      synchronized (lock) {
        waiter = null;
        if (cancelled || stopped) {
          // The interrupt was for the wait alone.
          Thread.interrupted();
        }
        lock.notifyAll();
      }
    }
  }

  /** Ends the wait for the client, now and later: there is something to tell it. */
  void stopWaiting() {
    synchronized (lock) {
      stopped = true;
      if (waiter != null) {
        waiter.interrupt();
      }
      lock.notifyAll();
    }
  }

  /**
   * Waits until the transport takes another message to the client.
   *
   * @return false if it does not in this time
   */
  boolean awaitReady(long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    synchronized (lock) {
      while (!wire.isReady() && !cancelled && !stopped) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return false;
        }
        waitOnLock(left);
      }
      return true;
    }
  }

  /** From the transport: it takes messages again. */
  void ready() {
    synchronized (lock) {
      lock.notifyAll();
    }
  }

  /**
   * From the transport: the client is gone. Returns when no thread is inside {@link #awaitClient}:
   * what the wait reads from may be freed then.
   */
  void cancel() {
    boolean interrupted = false;
    synchronized (lock) {
      cancelled = true;
      if (waiter != null) {
        waiter.interrupt();
      }
      lock.notifyAll();
      while (waiter != null && waiter != Thread.currentThread()) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** From the transport: nothing more comes or goes. */
  void transportDone() {
    if (transportDone.compareAndSet(false, true)) {
      leave();
    }
  }

  private void waitOnLock(long millis) {
    try {
      lock.wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the client", e);
    }
  }
}
