package io.arbalest.engine;

/**
 * How a search looks for rows. Each returns k hits wherever k rows live that match the filter. The
 * ordinals are those of {@code arb_strategy}.
 */
public enum Strategy {
  /**
   * By the graph. A filter is held against what it finds, so that the fewer rows match, the farther
   * it goes: for filters that most rows match, or none.
   */
  GRAPH,

  /** A scan of all rows, or of those that match the filter: recall 1, cost of so many rows. */
  EXACT,

  /**
   * By the graph, over the rows that match, and past those that do not to their neighbors. Without
   * a filter, the same as {@link #GRAPH}. With a target recall first as GRAPH does, which costs
   * least where rows match around the query as elsewhere, but no longer than that takes.
   */
  FILTERED_GRAPH,

  /**
   * A scan as {@link #EXACT}'s over the codes, of which {@code ef} candidates are kept and reranked
   * by their rows: a fraction of its cost, a recall as that of a wide search of the graph. The same
   * as EXACT where the index has no codes, and for breadths beyond some thousand.
   */
  SCAN,

  /**
   * By a {@link RowSubset} of the filter, as far as its target recall takes: the cells of its rows
   * that are nearest to the query, of which {@code ef} candidates are kept and reranked as SCAN
   * does. Rows appended since it was made are scanned by the filter. Ends in a scan of all that
   * match where the index has other codes since, the query has none (L2, far outside the rows), the
   * breadth is beyond some thousand, or the answer would be too short.
   */
  SUBSET
}
