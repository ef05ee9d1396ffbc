package io.arbalest.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.CacheOptions;
import io.arbalest.store.CacheStatus;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.TestAllocator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who is kept and for how long, step by step and by a clock of the test's. */
@ExtendWith(TestAllocator.class)
class DatasetCacheTest {
  private static final Duration TIME_TO_LIVE = Duration.ofMinutes(1);

  private final AtomicLong now = new AtomicLong();
  private final QueryCache store =
      new QueryCache(new CacheOptions(1 << 20, TIME_TO_LIVE), now::get, Runnable::run);
  private final DatasetCache dataset = store.open(true);

  private static SearchRequest request(long id) {
    return SearchRequest.like(id, 1);
  }

  private static SearchAnswer answer(BufferAllocator allocator, long id) {
    BigIntVector ids = new BigIntVector("id", allocator);
    ids.allocateNew(1);
    ids.set(0, id);
    ids.setValueCount(1);
    return new SearchAnswer(VectorSchemaRoot.of(ids), "graph", 7, true);
  }

  private void offer(QueryKey key, long id, BufferAllocator allocator) {
    try (SearchAnswer answer = answer(allocator, id)) {
      dataset.offer(key, answer, allocator);
    }
  }

  private boolean isFound(QueryKey key, BufferAllocator allocator) {
    try (SearchAnswer found = dataset.find(key, allocator)) {
      return found != null;
    }
  }

  @Test
  void anAnswerIsFoundAsItWasGiven(BufferAllocator allocator) {
    QueryKey key = dataset.key(request(1));
    offer(key, 42, allocator);
    try (SearchAnswer found = dataset.find(dataset.key(request(1)), allocator)) {
      assertThat(found.cached()).isTrue();
      assertThat(found.strategy()).isEqualTo("graph");
      assertThat(found.exhausted()).isTrue();
      assertThat(found.visited()).isZero();
      assertThat(found.root().getVector("id").getObject(0)).isEqualTo(42L);
    }
  }

  @Test
  void anAnswerSearchedWhileAWriteWasAppliedIsNotKept(BufferAllocator allocator) {
    QueryKey key = dataset.key(request(1));
    dataset.changed();
    offer(key, 42, allocator);
    assertThat(isFound(key, allocator)).isFalse();
    assertThat(isFound(dataset.key(request(1)), allocator)).isFalse();
    assertThat(dataset.status().entries()).isZero();
  }

  @Test
  void anAnswerOfTheStateBeforeAWriteIsGone(BufferAllocator allocator) {
    QueryKey old = dataset.key(request(1));
    offer(old, 42, allocator);
    dataset.changed();
    assertThat(dataset.status()).isEqualTo(new CacheStatus(0, 0, 0, 0, 0, 1));
    assertThat(isFound(old, allocator)).isFalse();
    offer(dataset.key(request(1)), 43, allocator);
    assertThat(isFound(dataset.key(request(1)), allocator)).isTrue();
    assertThat(isFound(old, allocator)).isFalse();
  }

  @Test
  void anAnswerGoesWhenItsTimeIsOver(BufferAllocator allocator) {
    QueryKey key = dataset.key(request(1));
    offer(key, 42, allocator);
    now.addAndGet(TIME_TO_LIVE.toNanos() - 1);
    assertThat(isFound(key, allocator)).isTrue();
    now.addAndGet(1);
    assertThat(isFound(key, allocator)).isFalse();
    store.cleanUp();
    assertThat(dataset.status()).isEqualTo(new CacheStatus(1, 1, 0, 0, 1, 0));
    offer(key, 43, allocator);
    assertThat(isFound(key, allocator)).isTrue();
    assertThat(dataset.status().entries()).isEqualTo(1);
  }

  @Test
  void anOldAnswerIsReplacedByTheNextOffer(BufferAllocator allocator) {
    QueryKey key = dataset.key(request(1));
    offer(key, 42, allocator);
    long bytes = dataset.status().bytes();
    now.addAndGet(TIME_TO_LIVE.toNanos());
    offer(key, 43, allocator);
    assertThat(isFound(key, allocator)).isTrue();
    assertThat(dataset.status()).isEqualTo(new CacheStatus(1, 0, 1, bytes, 1, 0));
    dataset.changed();
    assertThat(dataset.status()).isEqualTo(new CacheStatus(1, 0, 0, 0, 1, 1));
  }

  @Test
  void twoOffersOfOneKeyCountOnce(BufferAllocator allocator) {
    for (long id : List.of(1L, 1L)) {
      offer(dataset.key(request(id)), id, allocator);
    }
    assertThat(dataset.status().entries()).isEqualTo(1);
    assertThat(dataset.status().bytes()).isPositive();
  }

  @Test
  void closingGivesEverythingUp(BufferAllocator allocator) {
    DatasetCache other = store.open(true);
    QueryKey kept = other.key(request(1));
    try (SearchAnswer answer = answer(allocator, 1)) {
      other.offer(kept, answer, allocator);
    }
    for (long id = 0; id < 20; id++) {
      offer(dataset.key(request(id)), id, allocator);
    }
    assertThat(dataset.status().entries()).isEqualTo(20);
    dataset.close();
    assertThat(dataset.status().entries()).isZero();
    assertThat(dataset.status().bytes()).isZero();
    assertThat(store.map()).containsOnlyKeys(kept);
  }
}
