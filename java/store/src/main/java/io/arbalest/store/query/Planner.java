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
 * What traversals with a filter cost is seen as it is used, and believed then.
 */
final class Planner {
  /** From this share of matching rows on, results are merely checked. */
  static final double GRAPH_SHARE_MIN = 0.9;

  /** A target recall up to this is what breadths are made for anyway. */
  private static final double RECALL = 0.99;

  /** What a search with a filter asks the index for to have it: walks for few matches vary. */
  private static final double RECALL_ASKED = 0.995;

  /** The same of a search by a subset, where it costs little more. */
  private static final double SUBSET_RECALL_ASKED = 0.997;

  /** How much wider a search is for a target of 0.999, a tenth of the misses. */
  private static final double EF_A_TENTH_OF_MISSES = 2;

  /** Searches that keep more candidates than this do not go by codes. */
  private static final int KEPT_MAX = 1365;

  /** A scan of codes goes by the distance of its k-th candidate, and of a few more: k / this ... */
  private static final int KEPT_PART = 4;

  /** ... and so many. */
  private static final int KEPT_MORE = 4;

  private Planner() {}

  /**
   * A way to search.
   *
   * @param ef breadth; null leaves it to the request
   * @param targetRecall the recall to search for where a freeze has measured what it takes, instead
   *     of the breadth; null: none
   * @param name as answers and the wire have it
   * @param visits what a query costs that a subset of the filter's rows might save; 0: nothing
   */
  record Plan(Strategy strategy, Integer ef, Double targetRecall, String name, double visits) {
    Plan(Strategy strategy, Integer ef, Double targetRecall, String name) {
      this(strategy, ef, targetRecall, name, 0);
    }
  }

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
   * @param codes whether the index has codes
   * @param subset what there is of a subset of the matching rows; null: nothing
   * @param walkFactor how many times what a traversal costs by the figures here it was seen to cost
   *     with this filter; 1 where nothing was seen
   */
  record Question(
      int rows,
      int matching,
      int k,
      Integer ef,
      Double targetRecall,
      int dimension,
      ElementType element,
      boolean codes,
      Subset subset,
      double walkFactor) {
    double share() {
      return rows == 0 ? 1 : Math.min(1, (double) matching / rows);
    }
  }

  /**
   * A subset that searches go by.
   *
   * @param rows how many it has
   * @param scannedShare what a search for recall 0.99 looks at, of the number of its rows
   * @param behind rows that match and came after it
   */
  record Subset(int rows, double scannedShare, int behind) {}

  /** The plan without a filter. */
  static Plan unfiltered(boolean exact) {
    return exact
        ? new Plan(Strategy.EXACT, null, null, "exact")
        : new Plan(Strategy.GRAPH, null, null, "graph");
  }

  /** The plan for a filter where the caller asked for a scan. */
  static Plan exactFiltered() {
    return new Plan(Strategy.EXACT, null, null, "exact-filtered");
  }

  /** The plan for a filter. */
  static Plan filtered(Question question) {
    int matching = question.matching();
    int dimension = question.dimension();
    int ef = breadth(question);
    double exact = PlannerCosts.exact(matching, dimension, question.element());
    double scan =
        question.codes() && kept(question) <= KEPT_MAX
            ? PlannerCosts.scan(matching, question.k(), dimension)
            : Double.POSITIVE_INFINITY;
    double graph = PlannerCosts.graph(ef, question.share()) * question.walkFactor();
    double subset = subset(question);
    double least = Math.min(Math.min(exact, subset), Math.min(scan, graph));
    boolean canSave =
        question.codes()
            && kept(question) <= KEPT_MAX
            && question.share() < GRAPH_SHARE_MIN
            && least
                >= Math.min(subset, PlannerCosts.likelySubset(matching, question.k(), dimension));
    double visits = canSave ? least : 0;
    if (question.k() >= matching) {
      return exactFiltered();
    }
    if (exact <= least) {
      return new Plan(Strategy.EXACT, null, null, "exact-filtered", visits);
    }
    if (subset <= least) {
      double recall = Math.max(SUBSET_RECALL_ASKED, recall(question));
      return new Plan(Strategy.SUBSET, keptOfSubset(question), recall, "ivf-filtered", visits);
    }
    if (scan <= least) {
      return new Plan(Strategy.SCAN, kept(question), null, "scan-filtered", visits);
    }
    Double target = question.ef() == null ? recall(question) : null; // a breadth asked for rules
    return question.share() >= GRAPH_SHARE_MIN
        ? new Plan(Strategy.GRAPH, ef, target, "graph", visits)
        : new Plan(Strategy.FILTERED_GRAPH, ef, target, "filtered-graph", visits);
  }

  private static double subset(Question question) {
    Subset subset = question.subset();
    return subset == null || kept(question) > KEPT_MAX
        ? Double.POSITIVE_INFINITY
        : PlannerCosts.subset(
            subset.scannedShare() * subset.rows(),
            subset.behind(),
            question.k(),
            question.dimension());
  }

  /** How many candidates a look at codes keeps, for the rows to decide among. */
  private static int kept(Question question) {
    return kept(question, question.k() / KEPT_PART + KEPT_MORE);
  }

  /** The same by a subset, whose blocks tell distances more closely: half as many more. */
  private static int keptOfSubset(Question question) {
    return kept(question, (question.k() / KEPT_PART + KEPT_MORE) / 2);
  }

  private static int kept(Question question, int more) {
    int asked = question.ef() == null ? 0 : question.ef();
    return Math.min(Math.max(asked, question.k() + more), Limits.EF_MAX);
  }

  private static double recall(Question question) {
    return question.targetRecall() == null
        ? RECALL_ASKED
        : Math.max(RECALL_ASKED, question.targetRecall());
  }

  private static int breadth(Question question) {
    double ef = PlannerCosts.ef(question.k(), question.rows());
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
