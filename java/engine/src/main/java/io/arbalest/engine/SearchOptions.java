package io.arbalest.engine;

import java.util.Objects;

/**
 * How to search: {@code SearchOptions.k(10).ef(128)}.
 *
 * @param k results a query, 1..{@value Limits#K_MAX}
 * @param ef breadth of the graph search, 1..{@value Limits#EF_MAX}; raises recall and cost. Taken
 *     as max(ef, k)
 * @param strategy how to look for rows; an exact scan knows no breadth
 */
public record SearchOptions(int k, int ef, Strategy strategy) {
  /** The breadth where none is asked for, unless {@code k} is larger. */
  public static final int EF_DEFAULT = 128;

  public SearchOptions {
    Limits.check("k", k, 1, Limits.K_MAX);
    Limits.check("ef", ef, 1, Limits.EF_MAX);
    Objects.requireNonNull(strategy, "strategy");
  }

  /** {@code k} results by the graph, with breadth max({@value #EF_DEFAULT}, k). */
  public static SearchOptions k(int k) {
    Limits.check("k", k, 1, Limits.K_MAX);
    return new SearchOptions(k, Math.max(EF_DEFAULT, k), Strategy.GRAPH);
  }

  /** The same with another breadth. */
  public SearchOptions ef(int ef) {
    return new SearchOptions(k, ef, strategy);
  }

  /** The same by another strategy. */
  public SearchOptions strategy(Strategy strategy) {
    return new SearchOptions(k, ef, strategy);
  }

  /** The same by an exact scan, or by the graph. */
  public SearchOptions exact(boolean exact) {
    return strategy(exact ? Strategy.EXACT : Strategy.GRAPH);
  }
}
