package io.arbalest.store.shard;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.DeleteReceipt;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.SyncMode;
import io.arbalest.store.WriteReceipt;
import io.arbalest.store.disk.DiskFullException;
import io.arbalest.store.log.ShardLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.OutOfMemoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes a dataset: it takes what waits, appends all of it to the log, syncs
 * once, applies it in order, and answers. So writers share the cost of a sync, and nothing is seen
 * that is not durable.
 */
final class ShardWriter {
  private static final Logger LOG = LoggerFactory.getLogger(ShardWriter.class);

  /** What happens after writes were applied. */
  interface Listener {
    /** Rows were added or deleted. */
    void applied(int rowsAdded, long sequence);

    /** A group of writes is through; it has this many bytes. */
    void groupDone(long bytes);
  }

  private final String dataset;
  private final StoreOptions options;
  private final ShardLog log;
  private final LogApplier applier;
  private final WriteQueue queue;
  private final IndexProgress progress;
  private final Listener listener;
  private final Thread thread;
  private volatile long syncs; // written by the writer's thread alone
  private volatile long syncNanos;
  private long unsyncedSince; // nanoTime of the oldest write that waits for an interval's sync
  private volatile StoreException failure;
  private volatile boolean diskFull;

  ShardWriter(
      String dataset,
      StoreOptions options,
      ShardLog log,
      LogApplier applier,
      WriteQueue queue,
      IndexProgress progress,
      Listener listener) {
    this.dataset = dataset;
    this.options = options;
    this.log = log;
    this.applier = applier;
    this.queue = queue;
    this.progress = progress;
    this.listener = listener;
    thread = new Thread(this::run, "arbalest-writer-" + dataset);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Waits until the queue, closed before, is empty and everything in it answered. */
  void join() {
    Threads.joinUninterruptibly(thread);
  }

  /** Why no writes are taken any more; null while they are. */
  StoreException failure() {
    return failure;
  }

  /** How often the log was synced. */
  long syncs() {
    return syncs;
  }

  /** How long the syncs took together, in nanoseconds. */
  long syncNanos() {
    return syncNanos;
  }

  /** Whether the last write found no room on the disk. */
  boolean isDiskFull() {
    return diskFull;
  }

  /** Stops taking writes; those waiting are refused. */
  void fail(String what, Throwable cause) {
    if (failure == null) {
      failure =
          new StoreException(
              StoreException.Category.UNAVAILABLE,
              String.format(
                  "dataset '%s': %s (%s); it takes no more writes until it is opened again",
                  dataset, what, cause.getMessage()),
              cause);
      LOG.error("dataset '{}': {}; it takes no more writes", dataset, what, cause);
    }
  }

  private void run() {
    boolean closed = false;
    while (!closed) {
      WriteQueue.Work work = queue.take(nanosToSync());
      closed = work.closed();
      try {
        writeAll(work.writes());
      } catch (RuntimeException e) {
        // A fault of this program: nobody may wait for an answer that does not come.
        fail("the writer met a fault", e);
        work.writes().forEach(write -> write.fail(failure));
      }
      work.requests().forEach(Runnable::run);
      syncIfDue(closed);
    }
  }

  /** A write that depends on those before it begins a group of its own. */
  private void writeAll(List<Write> writes) {
    int first = 0;
    for (int i = 0; i < writes.size(); i++) {
      if (writes.get(i) instanceof Write.DeleteMatching delete) {
        writeGroup(writes.subList(first, i));
        first = resolve(delete) ? i : i + 1;
      }
    }
    writeGroup(writes.subList(first, writes.size()));
  }

  /** Whether the ids are found; if not the delete is answered. */
  private static boolean resolve(Write.DeleteMatching delete) {
    try {
      delete.resolve();
      return true;
    } catch (StoreException e) {
      delete.fail(e);
    } catch (OutOfMemoryException e) {
      delete.fail(StoreException.exhausted("delete: no memory for the ids: %s", e.getMessage()));
    }
    return false;
  }

  private void writeGroup(List<Write> writes) {
    List<Write> logged = new ArrayList<>(writes.size());
    long bytes = 0;
    for (Write write : writes) {
      if (append(write)) {
        logged.add(write);
        bytes += write.bytes();
      } else {
        write.release();
      }
    }
    boolean durable = options.sync().isAlways();
    if (durable && !logged.isEmpty() && failure == null) {
      sync();
    }
    for (Write write : logged) {
      try {
        answer(write, durable);
      } finally {
        write.release();
      }
    }
    if (bytes > 0) {
      listener.groupDone(bytes);
    }
  }

  /** Whether the write is in the log; if not it is answered. */
  private boolean append(Write write) {
    if (failure != null) {
      write.fail(failure);
      return false;
    }
    try {
      write.logged(log.append(write.type(), write.payload().nioBuffer(0, (int) write.bytes())));
      diskFull = false;
      return true;
    } catch (DiskFullException e) {
      if (!diskFull) {
        LOG.warn("dataset '{}': no room for writes: {}", dataset, e.getMessage());
      }
      diskFull = true;
      write.fail(
          new StoreException(
              StoreException.Category.RESOURCE_EXHAUSTED,
              String.format(
                  "dataset '%s': no room on the disk for %d bytes (%s); make room and try again",
                  dataset, write.bytes(), e.getMessage()),
              e));
      return false;
    } catch (IOException e) {
      fail("the log could not be written", e);
      write.fail(failure);
      return false;
    }
  }

  private void sync() {
    try {
      long start = System.nanoTime();
      log.sync();
      syncNanos = syncNanos + (System.nanoTime() - start);
      syncs = syncs + 1;
    } catch (IOException e) {
      fail("the log could not be synced", e);
    }
  }

  private void answer(Write write, boolean durable) {
    if (failure != null) {
      write.fail(failure); // it may or may not be in the log: the client must ask again
      return;
    }
    try {
      int deleted = applier.apply(write.type(), write.sequence(), write.payload());
      listener.applied(write.rows(), write.sequence());
      if (write instanceof Write.Put put) {
        boolean slowDown = progress.pending() >= options.pendingRowsSoft();
        put.future.complete(
            new WriteReceipt(write.sequence(), durable, progress.indexedSequence(), slowDown));
      } else if (write instanceof Write.Delete delete) {
        delete.future.complete(new DeleteReceipt(write.sequence(), deleted, durable));
      }
    } catch (ArbalestException | OutOfMemoryException | StoreException e) {
      fail("write " + write.sequence() + " is in the log but could not be applied", e);
      write.fail(failure);
    }
  }

  private long nanosToSync() {
    if (options.sync().isAlways() || log.durableSequence() == log.lastSequence()) {
      return WriteQueue.idleNanos();
    }
    SyncMode mode = options.sync();
    long due = unsyncedSince + TimeUnit.MILLISECONDS.toNanos(mode.intervalMillis());
    return due - System.nanoTime();
  }

  private void syncIfDue(boolean closing) {
    if (options.sync().isAlways() || failure != null) {
      return;
    }
    if (log.durableSequence() == log.lastSequence()) {
      unsyncedSince = System.nanoTime();
    } else if (closing || nanosToSync() <= 0) {
      sync();
      unsyncedSince = System.nanoTime();
    }
  }
}
