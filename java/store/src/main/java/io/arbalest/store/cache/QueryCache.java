package io.arbalest.store.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import io.arbalest.store.CacheOptions;
import java.time.Duration;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/**
 * The answers that a store remembers, of all its datasets together: bounded by bytes and by age,
 * the least useful given up first. Each dataset sees its own through a {@link DatasetCache}.
 *
 * <p>Answers are bytes on the heap, so that nobody has to count who still reads one that is being
 * given up, and nothing can be left behind off the heap. Thread-safe.
 */
public final class QueryCache {
  private final Cache<QueryKey, CachedAnswer> answers;
  private final Executor executor;

  /** An empty cache. */
  public QueryCache(CacheOptions options) {
    this(options, Ticker.systemTicker(), ForkJoinPool.commonPool());
  }

  /** The same with another clock, and with its housekeeping done elsewhere. */
  QueryCache(CacheOptions options, Ticker ticker, Executor executor) {
    this.executor = executor;
    this.answers = options.bytesMax() == 0 ? null : build(options, ticker, executor);
  }

  private static Cache<QueryKey, CachedAnswer> build(
      CacheOptions options, Ticker ticker, Executor executor) {
    Caffeine<QueryKey, CachedAnswer> builder =
        Caffeine.newBuilder()
            .maximumWeight(options.bytesMax())
            .weigher((QueryKey key, CachedAnswer answer) -> answer.weight())
            .evictionListener(QueryCache::evicted)
            .ticker(ticker)
            .executor(executor);
    Duration timeToLive = options.timeToLive();
    if (!timeToLive.isZero()) {
      // With a scheduler old answers go when their time is over, not when somebody calls next.
      builder.expireAfterWrite(timeToLive).scheduler(Scheduler.systemScheduler());
    }
    return builder.build();
  }

  private static void evicted(QueryKey key, CachedAnswer answer, RemovalCause cause) {
    key.dataset().evicted(key, answer);
  }

  /**
   * The view of a dataset that is opened now. Datasets never share answers, not even one that takes
   * the name of another.
   *
   * @param wanted whether the dataset's answers may be kept at all
   */
  public DatasetCache open(boolean wanted) {
    return new DatasetCache(this, wanted && answers != null);
  }

  /** The answers; null if none are kept. */
  ConcurrentMap<QueryKey, CachedAnswer> map() {
    return answers.asMap();
  }

  /** The answer, whose use is noted; null if there is none. */
  CachedAnswer find(QueryKey key) {
    return answers.getIfPresent(key);
  }

  /** Runs soon, elsewhere. */
  void later(Runnable task) {
    executor.execute(task);
  }

  /** Does the housekeeping that waits for a better moment. */
  void cleanUp() {
    answers.cleanUp();
  }
}
