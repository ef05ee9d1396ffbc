package io.arbalest.store.shadow;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A share of one core, as a token bucket of nanoseconds: work is let in while the balance is not
 * negative, and paid for when it is over, since nobody knows its price before. So in the long run
 * the work takes no more than the share, and at once no more than one piece beyond {@link
 * #BURST_NANOS} of saving. For one thread.
 */
final class CoreBudget {
  /** Time whose share can be saved up. */
  static final long BURST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final double share;
  private final LongSupplier clock;
  private long seen;
  private double balance;

  /**
   * @param share of a core, above 0 to 1
   * @param clock in nanoseconds
   */
  CoreBudget(double share, LongSupplier clock) {
    this.share = share;
    this.clock = clock;
    this.seen = clock.getAsLong();
  }

  /** How long to wait before the next piece of work; 0: it may begin. */
  long nanosToWait() {
    refill();
    return balance >= 0 ? 0 : (long) Math.ceil(-balance / share);
  }

  /** A piece of work is done that took so long. */
  void spend(long nanos) {
    refill();
    balance -= nanos;
  }

  private void refill() {
    long now = clock.getAsLong();
    balance = Math.min(BURST_NANOS * share, balance + (now - seen) * share);
    seen = now;
  }
}
