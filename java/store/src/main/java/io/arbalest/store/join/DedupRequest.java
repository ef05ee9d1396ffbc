package io.arbalest.store.join;

import io.arbalest.store.StoreException;
import io.arbalest.store.filter.Filter;
import java.time.Duration;

/**
 * A search for all pairs of rows that are near each other.
 *
 * @param maxDistance how far apart the rows of a pair may be, in the dataset's metric
 * @param filter which rows are looked at; null: all
 * @param exact whether each row is compared with each; null: whatever costs less
 * @param limit pairs to return at most
 * @param timeout how long the whole search may take; null: without limit
 */
public record DedupRequest(
    float maxDistance, Filter filter, Boolean exact, long limit, Duration timeout) {
  public DedupRequest {
    if (Float.isNaN(maxDistance)) {
      throw StoreException.invalid("max_distance: found NaN, allowed a number");
    }
    if (limit < 0) {
      throw StoreException.invalid("limit: found %d, allowed 0 or more", limit);
    }
  }

  /** All pairs within this distance. */
  public static DedupRequest within(float maxDistance) {
    return new DedupRequest(maxDistance, null, null, Long.MAX_VALUE, null);
  }
}
