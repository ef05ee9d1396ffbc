package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.bench.ann.Curve.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class CurveTest {

  private final Curve curve =
      new Curve(List.of(new Point(0.8, 10_000), new Point(1.0, 100), new Point(0.9, 1_000)));

  @Test
  void interpolatesTheLogarithmOfSpeed() {
    assertThat(curve.qpsAt(0.9)).hasValue(1_000);
    assertThat(curve.qpsAt(0.85).getAsDouble()).isCloseTo(Math.sqrt(1e7), within(1e-6));
    assertThat(curve.qpsAt(0.975).getAsDouble())
        .isCloseTo(1_000 * Math.pow(10, -0.75), within(1e-6));
  }

  @Test
  void answersAFloorBelowAndNothingAbove() {
    assertThat(curve.qpsAt(0.5)).hasValue(10_000);
    assertThat(curve.brackets(0.5)).isFalse();
    assertThat(curve.brackets(0.95)).isTrue();
    assertThat(curve.qpsAt(1.01)).isEmpty();
    assertThat(new Curve(List.of()).qpsAt(0.5)).isEmpty();
  }

  @Test
  void dropsWhatAnotherPointBeatsInBoth() {
    Curve noisy =
        new Curve(List.of(new Point(0.8, 500), new Point(0.9, 1_000), new Point(0.95, 400)));
    assertThat(noisy.frontier()).containsExactly(new Point(0.9, 1_000), new Point(0.95, 400));
    assertThat(noisy.qpsAt(0.85)).hasValue(1_000);
  }
}
