package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import java.lang.ref.Cleaner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a native object, an index or a subset of its rows, alive while calls run on it.
 *
 * <p>One word counts the running calls and has a bit for "closing". A call enters by counting
 * itself in, which fails once the bit is set; whoever brings the count to zero after that frees the
 * object. So {@link #close()} never pulls memory from under a search, and a search never waits for
 * a lock. The handle refers to no {@code VectorIndex} or {@code RowSubset}, so that a Cleaner may
 * hold it.
 */
public final class NativeHandle {
  private static final Logger LOG = LoggerFactory.getLogger(NativeHandle.class);
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicLong LEAKS = new AtomicLong();

  /** The sign bit says "closing"; the bits below count running calls. */
  private static final long CLOSING = Long.MIN_VALUE;

  private final long address;
  private final LongConsumer free;
  private final String description;
  private final AtomicLong state = new AtomicLong();
  private final CountDownLatch freed = new CountDownLatch(1);

  /**
   * @param address of an open native object, owned by the handle from now on
   * @param free frees it; refers to no owner of the handle
   * @param description kind and name of the object in messages, as {@code index: l2 index}
   */
  public NativeHandle(long address, LongConsumer free, String description) {
    this.address = address;
    this.free = free;
    this.description = description;
  }

  /**
   * Makes a native call on the object.
   *
   * @param call takes the object's address, valid until it returns, and gives a status
   * @throws ArbalestException with the call's status if it is not ARB_OK, INVALID_ARGUMENT if the
   *     object is closed
   */
  public void call(LongToIntFunction call) {
    enter();
    try {
      Errors.check(call.applyAsInt(address));
    } finally {
      exit();
    }
  }

  /**
   * The same as a part of a call on another object, which checks the status.
   *
   * @return what the call gives
   */
  public int within(LongToIntFunction call) {
    enter();
    try {
      return call.applyAsInt(address);
    } finally {
      exit();
    }
  }

  /** Counts a call in. */
  private void enter() {
    for (; ; ) {
      long seen = state.get();
      if (seen < 0) {
        throw new ArbalestException(Status.INVALID_ARGUMENT, description + " is closed");
      }
      if (state.compareAndSet(seen, seen + 1)) {
        return;
      }
    }
  }

  /** Counts a call out; frees the object if it was the last and the object is closing. */
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

  /**
   * Spreads the net under an owner: when that becomes unreachable, what nobody closed is freed,
   * counted and told.
   *
   * @return to be cleaned after a close, which takes it off the list
   */
  public Cleaner.Cleanable catchLeaksOf(Object owner) {
    return CLEANER.register(owner, this::closeLeaked);
  }

  /** Never waits. */
  private void closeLeaked() {
    if (startClosing()) {
      long leaks = LEAKS.incrementAndGet();
      LOG.warn(
          "leaked: {} became unreachable without close(); its memory is freed now."
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
    free.accept(address);
    freed.countDown();
  }

  /** How many objects were freed by the Cleaner instead of by close(), since the JVM started. */
  public static long leaks() {
    return LEAKS.get();
  }
}
