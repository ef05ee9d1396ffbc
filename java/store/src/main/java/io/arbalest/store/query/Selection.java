package io.arbalest.store.query;

import io.arbalest.engine.RowSubset;
import io.arbalest.engine.SearchStats;
import io.arbalest.engine.Strategy;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.filter.SelectedRows;
import io.arbalest.store.shard.ShardState;
import org.apache.arrow.vector.BitVector;

/**
 * The rows that a search may find, and the plan to find them: made once, and again only when rows
 * were replaced or deleted. Of one thread.
 */
final class Selection implements AutoCloseable {
  private final ShardState state;
  private final BoundFilter filter;
  private final SearchRequest request;
  private long stamp;
  private SelectedRows selected; // null: nothing yet, or no filter
  private Planner.Plan plan;
  private Planner.Question question; // null: the planner was asked nothing

  /**
   * @param filter null: every row may be found
   * @param request what is asked for; its filter is the other
   */
  Selection(ShardState state, BoundFilter filter, SearchRequest request) {
    this.state = state;
    this.filter = filter;
    this.request = request;
    this.plan = filter == null ? Planner.unfiltered(request.exact()) : null;
  }

  /** A stamp of {@link ShardState#replacing()} under which this holds already, else a new one. */
  long stamp() {
    return stamp != 0 && state.replacing().validate(stamp)
        ? stamp
        : state.replacing().tryOptimisticRead();
  }

  /** Makes this hold under a stamp; to be relied on only if that is valid afterwards. */
  void holdUnder(long newStamp) {
    if (filter == null || newStamp == stamp) {
      return;
    }
    close();
    selected = state.select(filter, newStamp);
    plan = planFor(selected);
    stamp = newStamp;
  }

  /** The rows; null for all. */
  RowFilter rows() {
    return selected == null ? null : selected.rows();
  }

  private Planner.Plan planFor(SelectedRows rows) {
    if (request.exact()) {
      return Planner.exactFiltered();
    }
    DatasetSpec spec = state.spec();
    question =
        new Planner.Question(
            state.applied().live(),
            rows.rows().cardinality(),
            request.k(),
            request.ef(),
            request.targetRecall(),
            spec.dimension(),
            spec.element(),
            state.hasCodes(),
            subsetOf(rows),
            rows.walkFactor());
    return Planner.filtered(question);
  }

  private Planner.Subset subsetOf(SelectedRows rows) {
    RowSubset subset = rows.subset();
    return subset == null || !state.index().isCurrent(subset)
        ? null
        : new Planner.Subset(subset.rows(), subset.scannedShare(), rows.behindSubset());
  }

  /** What the plan goes by beside the rows; null: nothing. Stays this object's. */
  RowSubset subset() {
    return plan().strategy() == Strategy.SUBSET ? selected.subset() : null;
  }

  /** As many queries were searched by the plan. */
  void searched(int queries, SearchStats stats) {
    if (selected == null || plan.visits() == 0) {
      return;
    }
    double visits = queries * plan.visits();
    if (plan.strategy() == Strategy.FILTERED_GRAPH) {
      double planned = visits / question.walkFactor();
      visits =
          PlannerCosts.walked(
              stats.visited(), stats.tailScanned(), question.share(), question.dimension());
      selected.walked(queries, visits, planned);
    }
    state.filters().searched(filter, selected, visits);
  }

  /** The rows as the engine takes them; null for all. Stays this object's. */
  BitVector bits() {
    return selected == null ? null : selected.bits();
  }

  /** How rows are looked for; as without a filter where nothing was searched yet. */
  Planner.Plan plan() {
    return plan == null ? Planner.unfiltered(request.exact()) : plan;
  }

  @Override
  public void close() {
    stamp = 0;
    if (selected != null) {
      selected.close();
      selected = null;
    }
  }
}
