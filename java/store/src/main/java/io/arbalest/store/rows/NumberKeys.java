package io.arbalest.store.rows;

/**
 * Numbers of every type as longs that stand in the numbers' order: integers and times by
 * themselves, uint64 with its highest bit flipped, float32 and float64 by their bits, false and
 * true by 0 and 1.
 */
public final class NumberKeys {
  /** Not a number: beyond every number. */
  public static final long NAN = Long.MAX_VALUE;

  /** The key of infinity, the greatest that a float column compares with. */
  public static final long INFINITY = ofDouble(Double.POSITIVE_INFINITY);

  private NumberKeys() {}

  /** The key of a double; both zeros have one, and so have all NaN. A float's is that of it. */
  public static long ofDouble(double value) {
    if (Double.isNaN(value)) {
      return NAN;
    }
    long bits = Double.doubleToRawLongBits(value + 0.0); // -0.0 + 0.0 is 0.0
    return bits >= 0 ? bits : bits ^ Long.MAX_VALUE;
  }

  /** The key of 64 bits that mean a number from 0 on. */
  public static long ofUnsigned(long bits) {
    return bits ^ Long.MIN_VALUE;
  }
}
