package io.arbalest.engine;

/**
 * How to search: {@code SearchOptions.k(10).ef(128)}.
 *
 * @param k results a query, 1..{@value Limits#K_MAX}
 * @param ef breadth of the graph search, 1..{@value Limits#EF_MAX}; raises recall and cost. Taken
 *     as max(ef, k)
 * @param exact scan every live row instead of the graph: recall 1, cost of a full scan
 */
public record SearchOptions(int k, int ef, boolean exact) {
  /** The breadth where none is asked for, unless {@code k} is larger. */
  public static final int EF_DEFAULT = 128;

  public SearchOptions {
    Limits.check("k", k, 1, Limits.K_MAX);
    Limits.check("ef", ef, 1, Limits.EF_MAX);
  }

  /** {@code k} results by the graph, with breadth max({@value #EF_DEFAULT}, k). */
  public static SearchOptions k(int k) {
    Limits.check("k", k, 1, Limits.K_MAX);
    return new SearchOptions(k, Math.max(EF_DEFAULT, k), false);
  }

  /** The same with another breadth. */
  public SearchOptions ef(int ef) {
    return new SearchOptions(k, ef, exact);
  }

  /** The same with or without the exact scan. */
  public SearchOptions exact(boolean exact) {
    return new SearchOptions(k, ef, exact);
  }
}
