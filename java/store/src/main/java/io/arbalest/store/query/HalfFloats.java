package io.arbalest.store.query;

/** IEEE 754 half precision in bits, for what the JDK has from 20 on. */
final class HalfFloats {
  /** The exponent bits; all of them set mean infinity or NaN. */
  static final int EXPONENT = 0x7C00;

  private static final int SIGN = 0x8000;
  private static final int FLOAT_MAGNITUDE = 0x7FFF_FFFF;
  private static final int FLOAT_MIN_NORMAL_HALF = 0x3880_0000; // 2^-14
  private static final int FLOAT_OVERFLOW = 0x477F_F000; // 65,520: rounds to infinity

  private HalfFloats() {}

  /** The value of half-precision bits that are finite. */
  static float toFloat(short half) {
    // The bits moved to float's place are 2^112 too small, for normal and subnormal ones alike.
    float magnitude = Float.intBitsToFloat((half & 0x7FFF) << 13) * 0x1p112f;
    return half < 0 ? -magnitude : magnitude;
  }

  /** The nearest half, ties to even; infinity from 65,520 on, and for NaN. */
  static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & SIGN;
    int magnitude = bits & FLOAT_MAGNITUDE;
    if (magnitude >= FLOAT_OVERFLOW) {
      return (short) (sign | EXPONENT);
    }
    if (magnitude < FLOAT_MIN_NORMAL_HALF) {
      // Beside 0.5 a float's last bit is worth 2^-24, as a subnormal half's is: the sum rounds.
      float sum = Float.intBitsToFloat(magnitude) + 0.5f;
      return (short) (sign | Float.floatToRawIntBits(sum) - 0x3F00_0000);
    }
    int odd = magnitude >>> 13 & 1;
    return (short) (sign | magnitude - (112 << 23) + 0xFFF + odd >>> 13);
  }
}
