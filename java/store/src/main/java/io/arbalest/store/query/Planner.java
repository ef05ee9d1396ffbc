package io.arbalest.store.query;

import io.arbalest.engine.Strategy;
import io.arbalest.store.filter.RowFilter;

/** Chooses how a search looks for rows, from how many may be found. */
final class Planner {
  /** As many matching rows are scanned in about the time that a traversal takes. */
  private static final int SCANNED_ROWS_MAX = 2_000;

  private Planner() {}

  /**
   * A way to search.
   *
   * @param name as answers and the wire have it
   */
  record Plan(Strategy strategy, String name) {}

  /**
   * Chooses.
   *
   * @param exact whether the caller asked for a scan
   * @param filter null: every row may be found
   */
  static Plan plan(boolean exact, RowFilter filter) {
    if (filter == null) {
      return exact ? new Plan(Strategy.EXACT, "exact") : new Plan(Strategy.GRAPH, "graph");
    }
    return exact || filter.cardinality() <= SCANNED_ROWS_MAX
        ? new Plan(Strategy.EXACT, "exact-filtered")
        : new Plan(Strategy.FILTERED_GRAPH, "filtered-graph");
  }
}
