package io.arbalest.engine;

import java.util.Objects;

/**
 * How to search: {@code SearchOptions.k(10).ef(128)}, or {@code
 * SearchOptions.k(10).targetRecall(0.95)}.
 *
 * @param k results a query, 1..{@value Limits#K_MAX}
 * @param ef breadth of the graph search, 1..{@value Limits#EF_MAX}; raises recall and cost. Taken
 *     as max(ef, k)
 * @param strategy how to look for rows; an exact scan knows no breadth
 * @param targetRecall above 0 and below 1: the share of the k nearest that is wanted, over many
 *     queries like the rows; each query then goes only as far as it must by what {@link
 *     VectorIndex#freeze()} measured, and {@code ef} is ignored. Before that, and for a few hundred
 *     rows, {@code ef} rules with a filter; without, it stands for a breadth of max(6.4 / missed,
 *     2k, 2k * sqrt(0.05 / missed)), where missed is 1 - targetRecall. 0: {@code ef} rules
 */
public record SearchOptions(int k, int ef, Strategy strategy, double targetRecall) {
  /** The breadth where none is asked for, unless {@code k} is larger. */
  public static final int EF_DEFAULT = 128;

  public SearchOptions {
    Limits.check("k", k, 1, Limits.K_MAX);
    Limits.check("ef", ef, 1, Limits.EF_MAX);
    Objects.requireNonNull(strategy, "strategy");
    if (!(targetRecall >= 0 && targetRecall < 1)) {
      throw ArbalestException.invalid(
          "targetRecall: found %s, allowed above 0 and below 1, or 0 for ef", targetRecall);
    }
  }

  /** {@code k} results by the graph, with breadth max({@value #EF_DEFAULT}, k). */
  public static SearchOptions k(int k) {
    Limits.check("k", k, 1, Limits.K_MAX);
    return new SearchOptions(k, Math.max(EF_DEFAULT, k), Strategy.GRAPH, 0);
  }

  /** The same with a fixed breadth. */
  public SearchOptions ef(int ef) {
    return new SearchOptions(k, ef, strategy, 0);
  }

  /** The same as wide as it must be for a recall. */
  public SearchOptions targetRecall(double targetRecall) {
    return new SearchOptions(k, ef, strategy, targetRecall);
  }

  /** The same by another strategy. */
  public SearchOptions strategy(Strategy strategy) {
    return new SearchOptions(k, ef, strategy, targetRecall);
  }

  /** The same by an exact scan, or by the graph. */
  public SearchOptions exact(boolean exact) {
    return strategy(exact ? Strategy.EXACT : Strategy.GRAPH);
  }
}
