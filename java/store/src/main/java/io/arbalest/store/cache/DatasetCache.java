package io.arbalest.store.cache;

import io.arbalest.store.CacheStatus;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;

/**
 * The remembered answers of one dataset. Thread-safe.
 *
 * <p>Every applied write, and every freeze, begins a new {@link Generation}. A search takes its
 * key, and with it the present generation, <em>before</em> it reads anything; its answer is kept
 * only if that generation is still the present one. Since a generation begins when its write is
 * applied in full and before the write is acknowledged, whoever asks after an acknowledgement asks
 * in a generation whose answers have all seen that write.
 *
 * <pre>
 *   writer:  ... apply write 8 | generation of 8 | acknowledge 8 ...
 *   search:     key (of 7)  search                   offer: of 7, not kept
 *                                           key (of 8)  search  offer: kept
 * </pre>
 */
public final class DatasetCache {
  private final QueryCache cache;
  private final boolean on;
  private final AtomicReference<Generation> present;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder entries = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder invalidations = new LongAdder();

  DatasetCache(QueryCache cache, boolean on) {
    this.cache = cache;
    this.on = on;
    this.present = new AtomicReference<>(new Generation());
  }

  /**
   * What a request is looked up by. To be taken before the search reads anything.
   *
   * @return null if its answer is not to be remembered: the request or the dataset says so, or it
   *     is larger than {@link io.arbalest.store.StoreLimits#CACHED_QUERIES_MAX} allows
   */
  public QueryKey key(SearchRequest request) {
    return on && request.cache() ? QueryKey.of(this, present.get(), request) : null;
  }

  /**
   * The remembered answer, in memory of the allocator; null if there is none. Calls nothing native
   * of ours.
   */
  public SearchAnswer find(QueryKey key, BufferAllocator allocator) {
    CachedAnswer answer = cache.find(key);
    if (answer == null) {
      misses.increment();
      return null;
    }
    hits.increment();
    return answer.copyTo(allocator);
  }

  /**
   * Remembers an answer, which stays the caller's, unless the dataset was written since the key was
   * taken, or it is larger than {@link io.arbalest.store.StoreLimits#CACHED_BYTES_MAX} allows.
   *
   * @param allocator lends memory for the call
   */
  public void offer(QueryKey key, SearchAnswer answer, BufferAllocator allocator) {
    if (present.get() != key.generation()) {
      return;
    }
    CachedAnswer kept;
    try {
      kept = CachedAnswer.of(key, answer, allocator);
    } catch (OutOfMemoryException e) {
      return; // the caller has an answer, and no memory to lend
    }
    if (kept == null) {
      return;
    }
    cache.map().computeIfAbsent(key, added -> added(added, kept));
    if (present.get() != key.generation()) {
      // Written in between: the sweep of the generation may have been here before the answer was.
      invalidate(key);
    }
  }

  private CachedAnswer added(QueryKey key, CachedAnswer answer) {
    key.generation().keys().add(key);
    entries.increment();
    bytes.add(answer.weight());
    return answer;
  }

  /**
   * A write was applied, to rows and every index, and is not acknowledged yet, or a freeze has made
   * searches find other rows: older answers are found no more, and go.
   */
  public void changed() {
    Generation old = present.getAndSet(new Generation());
    retire(old);
  }

  /** The writer does not wait for the sweep. */
  private void retire(Generation old) {
    if (!old.keys().isEmpty()) {
      cache.later(() -> old.keys().forEach(this::invalidate));
    }
  }

  private void invalidate(QueryKey key) {
    cache
        .map()
        .computeIfPresent(
            key,
            (k, answer) -> {
              removed(k, answer);
              invalidations.increment();
              return null;
            });
  }

  /** The cache gives an answer up; it holds its lock of the key. */
  void evicted(QueryKey key, CachedAnswer answer) {
    removed(key, answer);
    evictions.increment();
  }

  private void removed(QueryKey key, CachedAnswer answer) {
    key.generation().keys().remove(key);
    entries.decrement();
    bytes.add(-answer.weight());
  }

  /** Its figures. */
  public CacheStatus status() {
    return new CacheStatus(
        hits.sum(), misses.sum(), entries.sum(), bytes.sum(), evictions.sum(), invalidations.sum());
  }

  /** Gives up all answers. No search of the dataset may run any more. */
  public void close() {
    Generation last = present.getAndSet(new Generation());
    last.keys().forEach(this::invalidate);
  }
}
