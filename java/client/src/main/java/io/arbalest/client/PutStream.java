package io.arbalest.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/**
 * Puts batches and tracks their acknowledgements.
 *
 * <p>Batches are pipelined: {@link #put} returns when the batch is on its way, and waits while too
 * many are unacknowledged. Each unacknowledged batch is kept, so that when the server has no room
 * (RESOURCE_EXHAUSTED) they are sent again, in order, after a pause; a batch may then be applied
 * twice, which for rows with ids is the same as once. When the server asks to slow down, the next
 * batch waits until all before it are acknowledged, and a moment longer.
 *
 * <p>Not thread-safe: one thread puts. Acknowledgements arrive on a thread of the transport.
 */
public final class PutStream implements AutoCloseable {
  private static final Duration SLOW_DOWN_PAUSE = Duration.ofMillis(100);
  private static final Duration BACKOFF_FIRST = Duration.ofMillis(50);
  private static final Duration BACKOFF_MAX = Duration.ofSeconds(2);

  private final FlightClient flight;
  private final CallEnds ends;
  private final BufferAllocator allocator;
  private final String dataset;
  private final PutOptions options;
  private final VectorSchemaRoot staging;
  private final VectorLoader loader;

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final ArrayDeque<ArrowRecordBatch> unacknowledged = new ArrayDeque<>();
  private PutSession session;
  private PutAck latest;
  private long lastProgressNanos;

  PutStream(
      FlightClient flight,
      CallEnds ends,
      BufferAllocator allocator,
      String dataset,
      VectorSchemaRoot like,
      PutOptions options) {
    this.flight = flight;
    this.ends = ends;
    this.allocator = allocator;
    this.dataset = dataset;
    this.options = options;
    this.staging = VectorSchemaRoot.create(like.getSchema(), allocator);
    this.loader = new VectorLoader(staging);
    this.session = open();
  }

  /**
   * Sends a copy of the batch; the root may be refilled at once.
   *
   * @param batch of the schema that the stream was opened with
   * @throws FlightRuntimeException with the server's status, of this batch or one before it
   */
  public void put(VectorSchemaRoot batch) {
    if (!batch.getSchema().equals(staging.getSchema())) {
      throw new IllegalArgumentException(
          "schema: found " + batch.getSchema() + ", allowed " + staging.getSchema());
    }
    ArrowRecordBatch copy;
    lock.lock();
    try {
      awaitRoom();
      copy = copy(batch);
      unacknowledged.add(copy);
    } finally {
      lock.unlock();
    }
    send(copy);
  }

  /**
   * Waits until every batch is acknowledged and ends the call.
   *
   * @return the last acknowledgement; null if nothing was put
   * @throws FlightRuntimeException with the server's status
   */
  public PutAck finish() {
    lock.lock();
    try {
      session.finishSending();
      // The end comes without the lock, so it is looked at once a turn: a call that ends between
      // two looks would be taken for one that ended too early.
      boolean over = session.isOver();
      while (!over || !unacknowledged.isEmpty()) {
        if (over) {
          recover();
          session.finishSending();
        } else {
          await(BACKOFF_MAX);
        }
        over = session.isOver();
      }
      session.throwIfFailed();
      return latest;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the call, if {@link #finish()} has not, and frees the batches kept. */
  @Override
  public void close() {
    PutSession open;
    lock.lock();
    try {
      open = session;
    } finally {
      lock.unlock();
    }
    open.cancel();
    lock.lock();
    try {
      while (!open.isOver()) {
        await(BACKOFF_MAX);
      }
      unacknowledged.forEach(ArrowRecordBatch::close);
      unacknowledged.clear();
    } finally {
      lock.unlock();
    }
    staging.close();
  }

  /** Waits until the window has room; lock held. */
  private void awaitRoom() {
    boolean slow = latest != null && latest.slowDown();
    int window = slow ? 1 : options.window();
    while (unacknowledged.size() >= window || session.isOver()) {
      if (session.isOver()) {
        recover();
      } else {
        await(BACKOFF_MAX);
      }
    }
    if (slow) {
      pause(SLOW_DOWN_PAUSE);
    }
  }

  /** Opens a new call and sends what the failed one did not acknowledge; lock held. */
  private void recover() {
    Duration backoff = BACKOFF_FIRST;
    lastProgressNanos = System.nanoTime();
    do {
      FlightRuntimeException failure = session.failure();
      if (failure == null) {
        throw new IllegalStateException("the server ended the put early without an error");
      }
      boolean transientFailure = failure.status().code() == FlightStatusCode.RESOURCE_EXHAUSTED;
      if (!transientFailure
          || System.nanoTime() - lastProgressNanos >= options.retryFor().toNanos()) {
        throw failure;
      }
      pause(backoff);
      backoff =
          backoff.multipliedBy(2).compareTo(BACKOFF_MAX) < 0
              ? backoff.multipliedBy(2)
              : BACKOFF_MAX;
      session = open();
      resend();
    } while (session.isOver());
  }

  /** Sends the kept batches one by one, each after the one before is acknowledged; lock held. */
  private void resend() {
    int left = unacknowledged.size();
    while (left > 0 && !session.isOver()) {
      ArrowRecordBatch batch = unacknowledged.peekFirst();
      lock.unlock();
      try {
        send(batch);
      } finally {
        lock.lock();
      }
      while (unacknowledged.peekFirst() == batch && !session.isOver()) {
        await(BACKOFF_MAX);
      }
      left = unacknowledged.size();
    }
  }

  private PutSession open() {
    return new PutSession(
        flight, ends, FlightDescriptor.path(dataset), staging, this::acknowledged, this::ended);
  }

  /** Sends without the lock: acknowledgements come in meanwhile. Only the putting thread opens. */
  private void send(ArrowRecordBatch batch) {
    loader.load(batch);
    session.send();
  }

  private void acknowledged(PutSession from, PutAck ack) {
    lock.lock();
    try {
      if (from != session) {
        return;
      }
      unacknowledged.removeFirst().close();
      latest = ack;
      lastProgressNanos = System.nanoTime();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    options.onAck().accept(ack);
  }

  private void ended() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void pause(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = deadline - System.nanoTime()) {
      await(Duration.ofNanos(left));
    }
  }

  private void await(Duration atMost) {
    try {
      changed.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while putting to " + dataset, e);
    }
  }

  private ArrowRecordBatch copy(VectorSchemaRoot root) {
    List<ArrowBuf> copies = new ArrayList<>();
    try (ArrowRecordBatch view = new VectorUnloader(root).getRecordBatch()) {
      for (ArrowBuf buffer : view.getBuffers()) {
        ArrowBuf copy = allocator.buffer(buffer.readableBytes());
        copies.add(copy);
        copy.setBytes(0, buffer, buffer.readerIndex(), buffer.readableBytes());
        copy.writerIndex(buffer.readableBytes());
      }
      return new ArrowRecordBatch(view.getLength(), view.getNodes(), copies);
    } finally {
      copies.forEach(ArrowBuf::close);
    }
  }
}
