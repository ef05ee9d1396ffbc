package io.arbalest.store.filter;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.filter.FilterCache.Key;
import java.util.ArrayDeque;
import java.util.Queue;
import org.apache.arrow.memory.OutOfMemoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that builds the subsets of all datasets of a store, one after the other, while
 * searches go on without them. What it is too busy for is not taken. Thread-safe.
 */
final class SubsetBuilder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SubsetBuilder.class);

  /** Orders that wait. */
  static final int WAITING_MAX = 64;

  private final Thread thread = new Thread(this::run, "arbalest-subsets");
  private final Queue<Order> waiting = new ArrayDeque<>();
  private Order running;
  private boolean closed;

  /** A filter of a dataset, and who paid. */
  private record Order(DatasetFilters dataset, Key key, SubsetAccount account) {}

  /** Starts the thread. */
  SubsetBuilder() {
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.start();
  }

  /**
   * Orders a subset; see {@link DatasetFilters#build}.
   *
   * @return false where too many wait already, or this is closed
   */
  synchronized boolean order(DatasetFilters dataset, Key key, SubsetAccount account) {
    if (closed || waiting.size() == WAITING_MAX) {
      return false;
    }
    waiting.add(new Order(dataset, key, account));
    notifyAll();
    return true;
  }

  private void run() {
    try {
      for (Order order = next(); order != null; order = next()) {
        build(order);
      }
    } catch (InterruptedException e) {
      LOG.error("the thread that builds subsets was interrupted and ends", e);
    }
  }

  private synchronized Order next() throws InterruptedException {
    running = null;
    notifyAll(); // cancel waits for that
    while (!closed && waiting.isEmpty()) {
      wait();
    }
    running = closed ? null : waiting.remove();
    return running;
  }

  private static void build(Order order) {
    try {
      order.dataset().build(order.key(), order.account());
    } catch (RuntimeException | Error e) {
      // Searches do without it, as they did before, and the thread goes on: datasets wait for it.
      LOG.warn("a subset of {} could not be built: a fault", order.key().filter(), e);
      if (wantsMemory(e)) {
        order.account().spend(); // there may be some when it is paid for again
      } else {
        order.account().refuse();
      }
    } finally {
      order.dataset().orderDone();
    }
  }

  private static boolean wantsMemory(Throwable fault) {
    return fault instanceof OutOfMemoryError
        || fault instanceof OutOfMemoryException
        || fault instanceof ArbalestException e
            && e.status() == ArbalestException.Status.RESOURCE_EXHAUSTED;
  }

  /** Gives up a dataset's orders; waits for the one being built. It places no more. */
  void cancel(DatasetFilters dataset) {
    boolean interrupted = false;
    synchronized (this) {
      waiting.removeIf(order -> order.dataset() == dataset);
      while (running != null && running.dataset() == dataset) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the thread; every dataset has cancelled its orders. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
