package io.arbalest.store.shard;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.VectorIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that put rows into the graphs of all datasets. A dataset with rows to link is in the
 * queue up to once a thread; each turn links a short run, so that no dataset starves another.
 */
public final class IndexPool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IndexPool.class);

  /** Rows a turn: a few milliseconds of work. */
  private static final int RUN_ROWS = 32;

  private final BlockingQueue<Member> ready = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private final Member stop = new Member(null, null, null);

  public IndexPool(int threadCount) {
    for (int i = 0; i < threadCount; i++) {
      Thread thread = new Thread(this::run, "arbalest-index-" + i);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
  }

  /** Takes part of what a dataset's rows need. {@code onFailure} learns why linking stopped. */
  Member register(VectorIndex index, IndexProgress progress, Consumer<Exception> onFailure) {
    return new Member(index, progress, onFailure);
  }

  private void run() {
    try {
      for (Member member = ready.take(); member != stop; member = ready.take()) {
        member.turn();
      }
    } catch (InterruptedException e) {
      LOG.error("an index thread was interrupted and ends", e);
    }
  }

  /** Ends the threads after what they are at; every member is closed before. */
  @Override
  public void close() {
    threads.forEach(thread -> ready.add(stop));
    for (Thread thread : threads) {
      Threads.joinUninterruptibly(thread);
    }
  }

  /** A dataset's place in the pool. */
  final class Member implements AutoCloseable {
    private final VectorIndex index;
    private final IndexProgress progress;
    private final Consumer<Exception> onFailure;
    private int turns; // queued or running, at most one a thread
    private long signals; // tells a turn that found nothing whether rows came meanwhile
    private boolean closed;

    private Member(VectorIndex index, IndexProgress progress, Consumer<Exception> onFailure) {
      this.index = index;
      this.progress = progress;
      this.onFailure = onFailure;
    }

    /** There may be rows to link. */
    synchronized void signal() {
      signals++;
      while (!closed && turns < threads.size()) {
        turns++;
        ready.add(this);
      }
    }

    private void turn() {
      long seen;
      synchronized (this) {
        if (closed) {
          endTurn();
          return;
        }
        seen = signals;
      }
      long beginning = progress.begin();
      int linked = 0;
      boolean failed = false;
      try {
        linked = index.link(RUN_ROWS);
      } catch (ArbalestException e) {
        failed = true;
        onFailure.accept(e);
      } finally {
        progress.end(beginning, linked);
      }
      synchronized (this) {
        boolean goOn = !closed && !failed && (linked > 0 || signals != seen);
        if (goOn) {
          ready.add(this);
        } else {
          endTurn();
        }
      }
    }

    private void endTurn() {
      turns--;
      notifyAll();
    }

    /** Waits for the turns that run; there are no more after it. */
    @Override
    public synchronized void close() {
      closed = true;
      boolean interrupted = false;
      while (turns > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
