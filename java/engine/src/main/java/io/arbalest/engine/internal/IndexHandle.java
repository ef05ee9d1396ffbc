package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a native index alive while calls run on it.
 *
 * <p>One word counts the running calls and has a bit for "closing". A call enters by counting
 * itself in, which fails once the bit is set; whoever brings the count to zero after that frees the
 * index. So {@link #close()} never pulls memory from under a search, and a search never waits for a
 * lock. The handle refers to no {@code VectorIndex}, so that a Cleaner may hold it.
 */
public final class IndexHandle {
  private static final Logger LOG = LoggerFactory.getLogger(IndexHandle.class);
  private static final AtomicLong LEAKS = new AtomicLong();

  /** The sign bit says "closing"; the bits below count running calls. */
  private static final long CLOSING = Long.MIN_VALUE;

  private final long address;
  private final String description;
  private final AtomicLong state = new AtomicLong();
  private final CountDownLatch freed = new CountDownLatch(1);

  /**
   * @param address an open {@code arb_index *}, owned by the handle from now on
   * @param description names the index in messages
   */
  public IndexHandle(long address, String description) {
    this.address = address;
    this.description = description;
  }

  /**
   * Makes a native call on the index.
   *
   * @param call takes the index's address, valid until it returns, and gives a status
   * @throws ArbalestException with the call's status if it is not ARB_OK, INVALID_ARGUMENT if the
   *     index is closed
   */
  public void call(LongToIntFunction call) {
    enter();
    try {
      Errors.check(call.applyAsInt(address));
    } finally {
      exit();
    }
  }

  /** Counts a call in. */
  private void enter() {
    for (; ; ) {
      long seen = state.get();
      if (seen < 0) {
        throw new ArbalestException(
            Status.INVALID_ARGUMENT, "index: " + description + " is closed");
      }
      if (state.compareAndSet(seen, seen + 1)) {
        return;
      }
    }
  }

  /** Counts a call out; frees the index if it was the last and the index is closing. */
  private void exit() {
    if (state.decrementAndGet() == CLOSING) {
      free();
    }
  }

  /** Refuses new calls, waits for the running ones, frees. Every caller returns after the free. */
  public void close() {
    startClosing();
    boolean interrupted = false;
    for (; ; ) {
      try {
        freed.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // a close that gave up would leak; the flag is put back below
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The net: frees what nobody closed, counts it and says so. Never waits. */
  public void closeLeaked() {
    if (startClosing()) {
      long leaks = LEAKS.incrementAndGet();
      LOG.warn(
          "VectorIndex leaked: {} became unreachable without close(); its memory is freed now."
              + " Close it with try-with-resources ({} leaked so far)",
          description,
          leaks);
    }
  }

  private boolean startClosing() {
    long before = state.getAndUpdate(seen -> seen | CLOSING);
    if (before == 0) {
      free();
    }
    return before >= 0;
  }

  private void free() {
    Native.arb_index_close(address);
    freed.countDown();
  }

  /** How many indexes were freed by the Cleaner instead of by close(), since the JVM started. */
  public static long leaks() {
    return LEAKS.get();
  }
}
