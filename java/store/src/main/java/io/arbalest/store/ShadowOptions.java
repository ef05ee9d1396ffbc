package io.arbalest.store;

/**
 * How many live queries are answered a second time, exactly and in the background, to measure the
 * recall that users get.
 *
 * @param share of the queries, 0 (none) to 1
 * @param coreShare how much of one core the exact answers may take in the long run, above 0 to 1:
 *     what would take more is left out, and counted
 */
public record ShadowOptions(double share, double coreShare) {
  /** A query of a thousand, at most a twentieth of a core. */
  public static final ShadowOptions DEFAULT = new ShadowOptions(0.001, 0.05);

  /** No query. */
  public static final ShadowOptions OFF = new ShadowOptions(0, 0.05);

  public ShadowOptions {
    if (!(share >= 0 && share <= 1)) { // so that NaN is refused as well
      throw StoreException.invalid("shadow share: found %s, allowed 0..1", share);
    }
    if (!(coreShare > 0 && coreShare <= 1)) {
      throw StoreException.invalid(
          "shadow core share: found %s, allowed above 0 and up to 1", coreShare);
    }
  }
}
