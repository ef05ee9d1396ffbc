package io.arbalest.store.query;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {
  private static final int HALVES = 1 << 16;

  /** From the definition: sign, exponent, fraction. */
  private static double value(int half) {
    int exponent = half >>> 10 & 31;
    double magnitude =
        exponent == 0
            ? Math.scalb(half & 1023, -24)
            : Math.scalb((half & 1023) + 1024, exponent - 25);
    return (half & 0x8000) == 0 ? magnitude : -magnitude;
  }

  @Test
  void everyFiniteHalfHasItsValueAndComesBack() {
    for (int half = 0; half < HALVES; half++) {
      if ((half & HalfFloats.EXPONENT) != HalfFloats.EXPONENT) {
        float value = HalfFloats.toFloat((short) half);
        assertThat((double) value).isEqualTo(value(half));
        assertThat(HalfFloats.fromFloat(value)).isEqualTo((short) half);
      }
    }
  }

  /** Between two neighbors: the nearer one, and of two equally near ones the even one. */
  @Test
  void floatsBetweenHalvesRoundToTheNearestEven() {
    for (int half = 0; half < HalfFloats.EXPONENT - 1; half++) {
      double middle = (value(half) + value(half + 1)) / 2;
      float tie = (float) middle;
      assertThat((double) tie).isEqualTo(middle);
      int even = (half & 1) == 0 ? half : half + 1;
      assertThat(HalfFloats.fromFloat(tie)).isEqualTo((short) even);
      assertThat(HalfFloats.fromFloat(Math.nextDown(tie))).isEqualTo((short) half);
      assertThat(HalfFloats.fromFloat(Math.nextUp(tie))).isEqualTo((short) (half + 1));
      assertThat(HalfFloats.fromFloat(-tie)).isEqualTo((short) (even | 0x8000));
    }
  }

  @Test
  void whatIsTooLargeIsInfinite() {
    short infinity = (short) HalfFloats.EXPONENT;
    assertThat(HalfFloats.fromFloat(65_520f)).isEqualTo(infinity);
    assertThat(HalfFloats.fromFloat(Math.nextDown(65_520f))).isEqualTo((short) 0x7BFF);
    assertThat(HalfFloats.fromFloat(Float.POSITIVE_INFINITY)).isEqualTo(infinity);
    assertThat(HalfFloats.fromFloat(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xFC00);
  }
}
