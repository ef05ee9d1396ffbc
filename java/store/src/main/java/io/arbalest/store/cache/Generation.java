package io.arbalest.store.cache;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The answers of one dataset between two writes or freezes. A key belongs to a generation by
 * identity, so the answers of another state, or of another dataset of the same name, cannot be
 * found.
 */
final class Generation {
  /** Exactly the keys that are in the cache: changed under the cache's lock of the key. */
  private final Set<QueryKey> keys = ConcurrentHashMap.newKeySet();

  Set<QueryKey> keys() {
    return keys;
  }
}
