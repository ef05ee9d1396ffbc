package io.arbalest.store.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
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
      if (HalfFloats.isFinite((short) half)) {
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
    assertThat(HalfFloats.fromFloat(HalfFloats.OVERFLOW)).isEqualTo(infinity);
    assertThat(HalfFloats.fromFloat(Math.nextDown(HalfFloats.OVERFLOW))).isEqualTo((short) 0x7BFF);
    assertThat(HalfFloats.fromFloat(Float.POSITIVE_INFINITY)).isEqualTo(infinity);
    assertThat(HalfFloats.isFinite(HalfFloats.fromFloat(Float.NaN))).isFalse();
    assertThat(HalfFloats.fromFloat(HalfFloats.UNDERFLOW)).isZero();
    assertThat(HalfFloats.fromFloat(Math.nextUp(HalfFloats.UNDERFLOW))).isEqualTo((short) 1);
  }

  /** By way of a float a double would be rounded twice: a hair above a tie would become the tie. */
  @Test
  void doublesAreRoundedOnce() {
    for (int half = 1; half < HalfFloats.EXPONENT - 1; half++) {
      double middle = (value(half) + value(half + 1)) / 2;
      for (double value : new double[] {Math.nextDown(middle), middle, Math.nextUp(middle)}) {
        int even = (half & 1) == 0 ? half : half + 1;
        int expected = value < middle ? half : value > middle ? half + 1 : even;
        assertThat(HalfFloats.fromFloat(HalfFloats.oddFloat(value))).isEqualTo((short) expected);
        assertThat(HalfFloats.fromFloat(HalfFloats.oddFloat(-value)))
            .isEqualTo((short) (expected | 0x8000));
      }
    }
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      float exact = random.nextFloat();
      assertThat(HalfFloats.oddFloat(exact)).isEqualTo(exact);
    }
  }
}
