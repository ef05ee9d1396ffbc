package io.arbalest.store.shadow;

import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import org.apache.arrow.memory.BufferAllocator;

/** A dataset whose answers are checked. */
public interface ShadowTarget {
  /**
   * Searches without cache and without being sampled again.
   *
   * @throws io.arbalest.store.StoreException as a search does; UNAVAILABLE once it is closed
   */
  SearchAnswer search(SearchRequest request, BufferAllocator allocator);

  /**
   * The last write applied.
   *
   * @throws io.arbalest.store.StoreException UNAVAILABLE once it is closed
   */
  long sequence();

  /** Where the recall is noted. */
  ShadowRecall recall();
}
