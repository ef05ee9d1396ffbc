package io.arbalest.store;

import io.arbalest.store.cache.DatasetCache;
import io.arbalest.store.cache.QueryKey;
import io.arbalest.store.query.Searcher;
import io.arbalest.store.shadow.ShadowRecall;
import io.arbalest.store.shadow.ShadowSampler;
import io.arbalest.store.shadow.ShadowTarget;
import io.arbalest.store.shard.Shard;
import io.arbalest.store.shard.ShardState;
import java.time.Duration;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The way of a search through a dataset: wait for the write it asks for, look into the cache, else
 * search, remember the answer, and let it be sampled. Thread-safe.
 */
final class LiveSearch implements ShadowTarget {
  private final Shard shard;
  private final ShadowSampler sampler;
  private final ShadowRecall recall = new ShadowRecall();

  LiveSearch(Shard shard, ShadowSampler sampler) {
    this.shard = shard;
    this.sampler = sampler;
  }

  /** See {@link Dataset#search}. */
  SearchAnswer answer(SearchRequest request, BufferAllocator allocator) {
    SearchRequest ready = request.minSequence() == null ? request : awaited(request);
    return shard.read(state -> remembered(state, ready, allocator));
  }

  private SearchRequest awaited(SearchRequest request) {
    long start = System.nanoTime();
    shard.awaitApplied(request.minSequence(), request.timeout());
    if (request.timeout() == null) {
      return request;
    }
    Duration left = request.timeout().minusNanos(System.nanoTime() - start);
    return request.with().timeout(left).build();
  }

  private SearchAnswer remembered(
      ShardState state, SearchRequest request, BufferAllocator allocator) {
    // Both before anything is read: the answer will have seen at least these writes.
    long sequence = state.applied().sequence();
    DatasetCache cache = shard.cache();
    QueryKey key = cache.key(request);
    SearchAnswer found = key == null ? null : cache.find(key, allocator);
    if (found != null) {
      return found;
    }
    SearchAnswer answer = new Searcher(state, request).run(allocator);
    try {
      if (key != null) {
        cache.offer(key, answer, allocator);
      }
      sampler.observe(this, sequence, request, answer);
      return answer;
    } catch (RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  @Override
  public SearchAnswer search(SearchRequest request, BufferAllocator allocator) {
    return shard.read(state -> new Searcher(state, request).run(allocator));
  }

  @Override
  public long sequence() {
    return shard.read(state -> state.applied().sequence());
  }

  @Override
  public ShadowRecall recall() {
    return recall;
  }
}
