package io.arbalest.store.filter;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts those who hold something together, so that the last one frees it. Thread-safe. */
final class Holders {
  private final AtomicInteger count = new AtomicInteger(1);

  /** One more, unless there is none any longer. */
  boolean retain() {
    return count.getAndUpdate(holders -> holders == 0 ? 0 : holders + 1) > 0;
  }

  /** One less; whether that was the last. */
  boolean release() {
    int left = count.decrementAndGet();
    assert left >= 0 : "closed more often than held";
    return left == 0;
  }
}
