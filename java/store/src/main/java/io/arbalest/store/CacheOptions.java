package io.arbalest.store;

import java.time.Duration;
import java.util.Objects;

/**
 * What a store keeps of its answers, so that the same query costs no search while nothing is
 * written.
 *
 * @param bytesMax memory on the Java heap for the answers of all datasets together, and for the
 *     queries that they belong to; 0: none are kept
 * @param timeToLive how long an answer is kept at most; zero: until there is no room for it
 */
public record CacheOptions(long bytesMax, Duration timeToLive) {
  /** No more of the heap than this part of it, unless it is asked for. */
  private static final int HEAP_PART_DEFAULT = 8;

  private static final long BYTES_DEFAULT = 256L << 20;

  /** 256 MiB, or an eighth of the heap if that is less, for ten minutes. */
  public static final CacheOptions DEFAULT =
      new CacheOptions(
          Math.min(BYTES_DEFAULT, Runtime.getRuntime().maxMemory() / HEAP_PART_DEFAULT),
          Duration.ofMinutes(10));

  /** No answer is kept. */
  public static final CacheOptions OFF = new CacheOptions(0, Duration.ZERO);

  public CacheOptions {
    Objects.requireNonNull(timeToLive, "timeToLive");
    StoreOptions.check("cache bytes", bytesMax, 0, Long.MAX_VALUE);
    StoreOptions.check(
        "cache time to live in milliseconds",
        timeToLive.toMillis(),
        0,
        Duration.ofDays(365).toMillis());
  }
}
