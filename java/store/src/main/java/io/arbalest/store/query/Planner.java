package io.arbalest.store.query;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Limits;
import io.arbalest.engine.Strategy;

/**
 * Chooses how a search looks for rows, from how many may be found: of the ways that reach recall
 * 0.99, the one that {@link PlannerCosts} says is cheapest.
 *
 * <p>Where the matching rows lie is not known beforehand: they may be around the query, or all far
 * from it. A scan does not care. A traversal that only checks its results would look at every row
 * around such a query first, so that {@code graph} is left to filters that nearly all rows pass.
 */
final class Planner {
  /** From this share of matching rows on, results are merely checked. */
  static final double GRAPH_SHARE_MIN = 0.9;

  /** A target recall up to this is what breadths are made for anyway. */
  private static final double RECALL = 0.99;

  /** How much wider a search is for a target of 0.999, a tenth of the misses. */
  private static final double EF_A_TENTH_OF_MISSES = 2;

  private Planner() {}

  /**
   * A way to search.
   *
   * @param ef breadth; null leaves it to the request
   * @param name as answers and the wire have it
   */
  record Plan(Strategy strategy, Integer ef, String name) {}

  /**
   * What a choice depends on.
   *
   * @param rows how many live
   * @param matching how many of them match, exactly
   * @param k results a query
   * @param ef a breadth asked for, or null: the least that a traversal takes
   * @param targetRecall a recall asked for, or null
   * @param dimension components of a row
   * @param element their type
   */
  record Question(
      int rows,
      int matching,
      int k,
      Integer ef,
      Double targetRecall,
      int dimension,
      ElementType element) {
    double share() {
      return rows == 0 ? 1 : Math.min(1, (double) matching / rows);
    }
  }

  /** The plan without a filter. */
  static Plan unfiltered(boolean exact) {
    return exact
        ? new Plan(Strategy.EXACT, null, "exact")
        : new Plan(Strategy.GRAPH, null, "graph");
  }

  /** The plan for a filter where the caller asked for a scan. */
  static Plan exactFiltered() {
    return new Plan(Strategy.EXACT, null, "exact-filtered");
  }

  /** The plan for a filter. */
  static Plan filtered(Question question) {
    int ef = breadth(question);
    double exact =
        PlannerCosts.exact(question.matching(), question.dimension(), question.element());
    if (question.k() >= question.matching() || exact <= PlannerCosts.graph(ef, question.share())) {
      return exactFiltered();
    }
    return question.share() >= GRAPH_SHARE_MIN
        ? new Plan(Strategy.GRAPH, ef, "graph")
        : new Plan(Strategy.FILTERED_GRAPH, ef, "filtered-graph");
  }

  private static int breadth(Question question) {
    double ef = PlannerCosts.ef(question.k(), question.share());
    if (question.targetRecall() != null && question.targetRecall() > RECALL) {
      double tenths = Math.log10((1 - RECALL) / (1 - question.targetRecall()));
      ef *= Math.pow(EF_A_TENTH_OF_MISSES, tenths);
    }
    if (question.ef() != null) {
      ef = Math.max(ef, question.ef());
    }
    return (int) Math.min(Math.ceil(ef), Limits.EF_MAX);
  }
}
