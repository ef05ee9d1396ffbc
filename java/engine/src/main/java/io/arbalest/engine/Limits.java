package io.arbalest.engine;

/** The limits of one index, each with its unit: those of {@code arbalest.h}. */
public final class Limits {
  /** Components of a vector. */
  public static final int DIMENSION_MAX = 8192;

  /** Rows of one index, deleted ones included. */
  public static final int ROWS_MAX = Integer.MAX_VALUE;

  /** Links a node, at least. */
  public static final int M_MIN = 2;

  /** Links a node, at most. */
  public static final int M_MAX = 128;

  /** Breadth, in construction and in search. */
  public static final int EF_MAX = 65_536;

  /** Results a query. */
  public static final int K_MAX = 10_000;

  private Limits() {}

  static int check(String field, int found, int min, int max) {
    if (found < min || found > max) {
      throw ArbalestException.invalid("%s: found %d, allowed %d..%d", field, found, min, max);
    }
    return found;
  }
}
