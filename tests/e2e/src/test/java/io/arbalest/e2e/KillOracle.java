package io.arbalest.e2e;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a server that was killed may show. For every id: the state after its last acknowledged
 * write, or after any write that was sent later and not acknowledged. Anything else is a lost write
 * or a resurrected row. One writer an id; thread-safe.
 */
final class KillOracle {
  /** The version of an id that is not there. */
  static final long ABSENT = -1;

  private final Map<Long, Long> confirmed = new HashMap<>();
  private final Map<Long, ArrayDeque<Long>> pending = new HashMap<>();

  /** A write is about to be sent: these ids get this version, or {@link #ABSENT}. */
  synchronized void sent(Set<Long> ids, long version) {
    ids.forEach(id -> pending.computeIfAbsent(id, key -> new ArrayDeque<>()).add(version));
  }

  /** The writes to these ids that were sent first are acknowledged. */
  synchronized void acknowledged(Set<Long> ids) {
    for (long id : ids) {
      confirmed.put(id, pending.get(id).removeFirst());
    }
  }

  /**
   * Compares with what a server has and takes it for the truth from now on.
   *
   * @param found version by id
   */
  synchronized void check(Map<Long, Long> found) {
    Set<Long> ids = new HashSet<>(confirmed.keySet());
    ids.addAll(pending.keySet());
    for (long id : found.keySet()) {
      if (!ids.contains(id)) {
        throw new AssertionError("id " + id + ": found, and never written");
      }
    }
    for (long id : ids) {
      long now = found.getOrDefault(id, ABSENT);
      long before = confirmed.getOrDefault(id, ABSENT);
      ArrayDeque<Long> later = pending.getOrDefault(id, new ArrayDeque<>());
      if (now != before && !later.contains(now)) {
        throw new AssertionError(
            "id %d: found %s, acknowledged %s, sent since %s"
                .formatted(
                    id, name(now), name(before), later.stream().map(KillOracle::name).toList()));
      }
      confirmed.put(id, now);
    }
    pending.clear();
  }

  /** How many ids live as far as is known. */
  synchronized long live() {
    return confirmed.values().stream().filter(version -> version != ABSENT).count();
  }

  private static String name(long version) {
    return version == ABSENT ? "nothing" : "version " + version;
  }
}
