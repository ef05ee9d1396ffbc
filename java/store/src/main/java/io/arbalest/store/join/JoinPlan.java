package io.arbalest.store.join;

import io.arbalest.store.Dataset;

/**
 * Whether a join compares each row with each or walks the graph. A tile of rows shares what an
 * exact scan reads, so it costs arithmetic alone: rows times queries. A walk costs about the same
 * however many rows there are.
 */
final class JoinPlan {
  /**
   * Components that an exact scan of a tile compares in the time of one walk for ten neighbors at
   * recall 0.95: measured by {@code ./arbalest bench join} on the WordNet set.
   */
  private static final long COMPONENTS_A_WALK = 15_000_000;

  private JoinPlan() {}

  /**
   * Decides.
   *
   * @param asked what the caller wants; null: whatever costs less
   * @param k neighbors wanted
   */
  static boolean exact(Boolean asked, Dataset right, int k) {
    if (asked != null) {
      return asked;
    }
    long components = right.rowCount() * right.spec().dimension();
    return components <= COMPONENTS_A_WALK * Math.max(1, k / 10);
  }
}
