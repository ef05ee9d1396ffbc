package io.arbalest.server.flight;

import io.grpc.Context;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of the wire, bounded. Flight wants one executor and uses it in two ways that must not
 * share threads: the transport {@link #execute}s callbacks that never wait, and Flight {@link
 * #submit}s the bodies of DoPut and DoExchange, which wait for messages that those callbacks
 * deliver. With one bounded pool, bodies could occupy every thread and wait for ever.
 *
 * <p>So callbacks have a few threads of their own (at most one callback a call is queued, and calls
 * are counted), and bodies have as many threads as there may be calls.
 */
final class CallThreads extends AbstractExecutorService {
  private static final Duration IDLE = Duration.ofSeconds(30);

  private final ExecutorService callbacks;
  private final ExecutorService acks;
  private final ThreadPoolExecutor bodies;

  CallThreads(int callbackThreads, int ackThreads, int calls) {
    callbacks = Executors.newFixedThreadPool(callbackThreads, named("arbalest-callback-"));
    acks = Executors.newFixedThreadPool(ackThreads, named("arbalest-ack-"));
    bodies =
        new ThreadPoolExecutor(
            calls,
            calls,
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            // A call gives its place back a moment before its thread is free.
            new ArrayBlockingQueue<>(calls),
            named("arbalest-call-"));
    bodies.allowCoreThreadTimeOut(true);
  }

  /** For work that follows a write and must not be done by the thread that wrote. Never waits. */
  ExecutorService acks() {
    return acks;
  }

  /** Runs code of the current call that may wait; the call is held until it ends. */
  void run(Runnable body) {
    Call call = Call.current();
    call.enter();
    Runnable attached = Context.current().wrap(body);
    boolean queued = false;
    try {
      bodies.execute(
          () -> {
            try {
              attached.run();
            } finally {
              call.leave();
            }
          });
      queued = true;
    } finally {
      if (!queued) {
        call.leave();
      }
    }
  }

  @Override
  public void execute(Runnable callback) {
    callbacks.execute(callback);
  }

  @Override
  public Future<?> submit(Runnable body) {
    FutureTask<Void> task = new FutureTask<>(body, null);
    run(task);
    return task;
  }

  @Override
  public void shutdown() {
    callbacks.shutdown();
    bodies.shutdown();
    acks.shutdown();
  }

  @Override
  public List<Runnable> shutdownNow() {
    acks.shutdownNow();
    bodies.shutdownNow();
    return callbacks.shutdownNow();
  }

  @Override
  public boolean isShutdown() {
    return callbacks.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return callbacks.isTerminated() && bodies.isTerminated() && acks.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    long deadline = System.nanoTime() + unit.toNanos(timeout);
    for (ExecutorService pool : List.of(bodies, acks, callbacks)) {
      long left = deadline - System.nanoTime();
      if (!pool.awaitTermination(left, TimeUnit.NANOSECONDS)) {
        return false;
      }
    }
    return true;
  }

  private static ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
