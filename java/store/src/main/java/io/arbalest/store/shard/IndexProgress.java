package io.arbalest.store.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How far a dataset's writes are: applied, so that searches find them, and in the graph.
 *
 * <p>Pending rows are counted by the order in which link calls take them, which is row order. Of
 * running calls it is not known which rows they hold; but a call takes rows behind those that were
 * done when it began. So everything before the smallest such beginning is done.
 */
final class IndexProgress {
  /** A write: done when so many pending rows are. */
  private record Mark(long end, long sequence) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();
  private final Deque<Mark> marks = new ArrayDeque<>();
  private final Deque<Long> running = new ArrayDeque<>();
  private final Runnable onProgress;
  private long taken;
  private long done;
  private boolean closed;
  private volatile long pending;
  private volatile long appliedSequence;
  private volatile long indexedSequence;

  /**
   * @param pendingRows rows that wait for the graph already
   * @param sequence the last write applied
   * @param onProgress called after rows were linked, without a lock
   */
  IndexProgress(long pendingRows, long sequence, Runnable onProgress) {
    this.onProgress = onProgress;
    appended((int) pendingRows, sequence);
  }

  /** A write was applied that added this many rows. */
  void appended(int rows, long sequence) {
    lock.lock();
    try {
      taken += rows;
      marks.add(new Mark(taken, sequence));
      appliedSequence = sequence;
      update();
    } finally {
      lock.unlock();
    }
  }

  /** A link call begins; the answer goes to {@link #end}. */
  long begin() {
    lock.lock();
    try {
      running.add(done);
      return done;
    } finally {
      lock.unlock();
    }
  }

  /** A link call has ended that linked this many rows. */
  void end(long beginning, int rows) {
    lock.lock();
    try {
      running.removeFirstOccurrence(beginning);
      done += rows;
      update();
    } finally {
      lock.unlock();
    }
    if (rows > 0) {
      onProgress.run();
    }
  }

  private void update() {
    long before = running.isEmpty() ? done : running.peekFirst(); // beginnings never decrease
    while (!marks.isEmpty() && marks.peekFirst().end() <= before) {
      indexedSequence = marks.removeFirst().sequence();
    }
    pending = taken - done;
    moved.signalAll();
  }

  /** Rows that wait for the graph. */
  long pending() {
    return pending;
  }

  /** Every write up to this one is in the graph. */
  long indexedSequence() {
    return indexedSequence;
  }

  /**
   * Waits until the writes up to this one are applied.
   *
   * @param nanosMax how long to wait
   * @return false if the time is over or the dataset was closed before
   */
  boolean awaitApplied(long sequence, long nanosMax) throws InterruptedException {
    if (appliedSequence >= sequence) {
      return true; // the common case: no lock
    }
    lock.lock();
    try {
      long left = nanosMax;
      while (appliedSequence < sequence && !closed && left > 0) {
        left = moved.awaitNanos(left);
      }
      return appliedSequence >= sequence;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nobody may wait any more. */
  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the writes up to this one are in the graph.
   *
   * @return false if the dataset was closed before
   */
  boolean await(long sequence) throws InterruptedException {
    lock.lock();
    try {
      while (indexedSequence < sequence && !closed) {
        moved.await(1, TimeUnit.SECONDS);
      }
      return indexedSequence >= sequence;
    } finally {
      lock.unlock();
    }
  }

  /** Ends all waiting. */
  void close() {
    lock.lock();
    try {
      closed = true;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
