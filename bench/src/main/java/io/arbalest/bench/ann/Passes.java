package io.arbalest.bench.ann;

import java.util.function.LongSupplier;

/**
 * Whole passes over a number of items, handed out one by one to the threads of a turn. A pass
 * begins as long as there is time, and a thread that is done with one goes on with the next: none
 * waits for another but at the very end of the turn, so that what an idle thread costs does not
 * grow with the number of passes. Thread-safe.
 */
public final class Passes {

  private final int items;
  private final LongSupplier clock;
  private final long deadline;
  private int next;
  private int passes;
  private boolean over;

  /**
   * @param items of a pass, at least 1
   * @param secondsMin no pass begins after so long a time; one is always made
   */
  public Passes(int items, double secondsMin) {
    this(items, secondsMin, System::nanoTime);
  }

  Passes(int items, double secondsMin, LongSupplier clock) {
    if (items < 1) {
      throw new IllegalArgumentException("items: " + items + "; allowed: 1 or more");
    }
    this.items = items;
    this.clock = clock;
    deadline = clock.getAsLong() + (long) (secondsMin * 1e9);
    next = items;
  }

  /** The number of the next item in its pass, from 0; -1 when there is no more to do. */
  public synchronized int take() {
    if (next == items && !over) {
      over = passes > 0 && clock.getAsLong() - deadline >= 0;
      passes += over ? 0 : 1;
      next = over ? items : 0;
    }
    return over ? -1 : next++;
  }

  /** Passes that were begun; all are complete once every thread has done what it took. */
  public synchronized int begun() {
    return passes;
  }
}
