package io.arbalest.store.shard;

import io.arbalest.store.StoreException;
import io.arbalest.store.StoreOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Writes that wait for the log, and requests that the writer thread runs between writes. Writes are
 * bounded by number, bytes, and rows that wait for the graph; who adds one waits a bounded time for
 * room.
 */
final class WriteQueue {
  private final StoreOptions options;
  private final String dataset;
  private final LongSupplier pendingRows;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hasWork = lock.newCondition();
  private final Condition hasRoom = lock.newCondition();
  private final Deque<Write> writes = new ArrayDeque<>();
  private final List<Runnable> requests = new ArrayList<>();
  private long bytes;
  private long rows;
  private boolean closed;

  WriteQueue(String dataset, StoreOptions options, LongSupplier pendingRows) {
    this.dataset = dataset;
    this.options = options;
    this.pendingRows = pendingRows;
  }

  /** What the writer thread is to do: writes first, then requests. */
  record Work(List<Write> writes, List<Runnable> requests, boolean closed) {}

  /**
   * Adds a write.
   *
   * @throws StoreException RESOURCE_EXHAUSTED naming the limit if there was no room for as long as
   *     a write may wait; UNAVAILABLE if the dataset is closing
   */
  void add(Write write) {
    long nanosLeft = options.writeWait().toNanos();
    lock.lock();
    try {
      for (String full = whatIsFull(write); full != null; full = whatIsFull(write)) {
        if (nanosLeft <= 0) {
          throw StoreException.exhausted(
              "dataset '%s': %s; waited %d ms: slow down and try again",
              dataset, full, options.writeWait().toMillis());
        }
        nanosLeft = hasRoom.awaitNanos(nanosLeft);
      }
      writes.add(write);
      bytes += write.bytes();
      rows += write.rows();
      hasWork.signal();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StoreException.unavailable("dataset '%s': interrupted while waiting", dataset);
    } finally {
      lock.unlock();
    }
  }

  private String whatIsFull(Write write) {
    if (closed) {
      throw StoreException.unavailable("dataset '%s': it is closing", dataset);
    }
    long pending = pendingRows.getAsLong() + rows;
    if (write.rows() > 0 && pending >= options.pendingRowsHard()) {
      return String.format(
          "%d rows wait for the graph, allowed %d", pending, options.pendingRowsHard());
    }
    if (writes.size() >= options.queueWritesMax()) {
      return String.format(
          "%d writes wait for the log, allowed %d", writes.size(), options.queueWritesMax());
    }
    // A write larger than the limit gets in alone.
    if (bytes > 0 && bytes + write.bytes() > options.queueBytesMax()) {
      return String.format(
          "%d bytes of writes wait for the log and this one has %d, allowed %d",
          bytes, write.bytes(), options.queueBytesMax());
    }
    return null;
  }

  /** Adds a request; the writer thread runs it between two writes. */
  void request(Runnable request) {
    lock.lock();
    try {
      if (closed) {
        throw StoreException.unavailable("dataset '%s': it is closing", dataset);
      }
      requests.add(request);
      hasWork.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Takes all there is, waiting for at most this long if there is nothing. */
  Work take(long nanosMax) {
    long nanosLeft = nanosMax;
    boolean interrupted = false;
    lock.lock();
    try {
      while (writes.isEmpty() && requests.isEmpty() && !closed && nanosLeft > 0) {
        try {
          nanosLeft = hasWork.awaitNanos(nanosLeft);
        } catch (InterruptedException e) {
          interrupted = true; // nobody ends the writer so; see close
        }
      }
      Work work = new Work(List.copyOf(writes), List.copyOf(requests), closed);
      writes.clear();
      requests.clear();
      bytes = 0;
      rows = 0;
      hasRoom.signalAll();
      return work;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Fewer rows wait for the graph than before. */
  void roomMayBe() {
    lock.lock();
    try {
      hasRoom.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Writes waiting. */
  int size() {
    lock.lock();
    try {
      return writes.size();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more writes. */
  void close() {
    lock.lock();
    try {
      closed = true;
      hasWork.signalAll();
      hasRoom.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How long a bounded wait may be for the writer's idle loop. */
  static long idleNanos() {
    return TimeUnit.SECONDS.toNanos(60);
  }
}
