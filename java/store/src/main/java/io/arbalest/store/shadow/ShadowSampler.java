package io.arbalest.store.shadow;

import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.ShadowOptions;
import io.arbalest.store.StoreException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers a share of the live queries of a store a second time, exactly, in a thread of its own of
 * the lowest priority, and notes the recall that users got.
 *
 * <p>All of it is bounded: the samples that wait by {@link #SAMPLES_MAX} and {@link
 * #MEMORY_BYTES_MAX}, those of one call by {@link #SAMPLES_A_CALL_MAX}, the time by a {@link
 * CoreBudget}. What is too much is dropped and counted. Thread-safe.
 */
public final class ShadowSampler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowSampler.class);

  /** Samples that wait to be checked. */
  static final int SAMPLES_MAX = 64;

  /** Samples of one search call, however many queries it has: taking one reads its answer. */
  static final int SAMPLES_A_CALL_MAX = 4;

  /** Memory of the queries that wait, and of the exact answer being computed. */
  private static final long MEMORY_BYTES_MAX = 64 << 20;

  private final double share;
  private final CoreBudget budget;
  private final BufferAllocator allocator = new RootAllocator(MEMORY_BYTES_MAX);
  private final BlockingQueue<ShadowSample> waiting = new ArrayBlockingQueue<>(SAMPLES_MAX);
  private final Thread thread;
  private volatile boolean stopped;

  /** Starts the thread, if there is anything for it to do. */
  public ShadowSampler(ShadowOptions options) {
    share = options.share();
    budget = new CoreBudget(options.coreShare(), System::nanoTime);
    thread = new Thread(this::run, "arbalest-shadow");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    if (share > 0) {
      thread.start();
    }
  }

  /**
   * Takes samples of a search that was just answered. Costs a random number where it takes none.
   *
   * @param sequence the last write applied before the search began
   * @param request whose vectors are read before this returns
   * @param answer stays the caller's
   */
  public void observe(
      ShadowTarget target, long sequence, SearchRequest request, SearchAnswer answer) {
    // An answer by text is in another order than that of distances.
    if (share == 0 || request.text() != null) {
      return;
    }
    int queries = request.queries() == null ? 1 : request.queries().getValueCount();
    int samples = samples(queries, share, ThreadLocalRandom.current().nextDouble());
    for (int i = 0; i < samples; i++) {
      int query = ThreadLocalRandom.current().nextInt(queries);
      take(target, sequence, request, answer, query);
    }
  }

  /** How many of the queries are samples: their share, rounded up as often as is fair. */
  static int samples(int queries, double share, double random) {
    double expected = queries * share;
    double whole = Math.floor(expected);
    int samples = (int) whole + (random < expected - whole ? 1 : 0);
    return Math.min(samples, SAMPLES_A_CALL_MAX);
  }

  private void take(
      ShadowTarget target, long sequence, SearchRequest request, SearchAnswer answer, int query) {
    if (stopped || waiting.remainingCapacity() == 0) {
      target.recall().drop();
      return;
    }
    ShadowSample sample;
    try {
      sample = ShadowSample.of(target, sequence, request, answer, query, allocator);
    } catch (OutOfMemoryException e) {
      target.recall().drop();
      return;
    } catch (RuntimeException e) {
      // Whoever searched has an answer, which a fault of the checks does not make worse.
      LOG.warn("a sample could not be taken: a fault", e);
      target.recall().drop();
      return;
    }
    if (sample != null && !waiting.offer(sample)) {
      sample.close();
      target.recall().drop();
    }
  }

  private void run() {
    try {
      while (!stopped) {
        TimeUnit.NANOSECONDS.sleep(budget.nanosToWait());
        check(waiting.take());
      }
    } catch (InterruptedException e) {
      // Told to stop; what waits is closed by close.
    }
  }

  private void check(ShadowSample sample) {
    long start = System.nanoTime();
    try (sample) {
      sample.check(allocator);
    } catch (StoreException | OutOfMemoryException e) {
      // The dataset went, or the row that was searched like; nothing that a user should be told.
      LOG.debug("a sample could not be checked", e);
      sample.target().recall().drop();
    } catch (RuntimeException e) {
      LOG.warn("a sample could not be checked: a fault", e);
      sample.target().recall().drop();
    } finally {
      // Its time on the clock, which is no less than what it had of the core.
      budget.spend(System.nanoTime() - start);
    }
  }

  /** Checks no more samples; waits for the one being checked. Searches may go on. */
  public void stop() {
    stopped = true;
    thread.interrupt();
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

  /** Frees what waits. No search may be observed any more. */
  @Override
  public void close() {
    stop();
    for (ShadowSample sample = waiting.poll(); sample != null; sample = waiting.poll()) {
      sample.close();
    }
    allocator.close();
  }
}
