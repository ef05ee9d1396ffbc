package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.bench.ann.TargetRecall.Fixed;
import java.util.List;
import org.junit.jupiter.api.Test;

class TargetRecallTest {

  private static AnnRow row(int ef, double recall, double distances) {
    return new AnnRow("arbalest", "x", 1, ef, recall, 1, null, null, 1, 1, distances);
  }

  private static final List<AnnRow> SWEEP =
      List.of(row(10, 0.75, 300), row(20, 0.875, 500), row(40, 0.96, 900), row(80, 0.96, 1600));

  @Test
  void theFixedBreadthIsBetweenTheTwoAroundTheRecall() {
    assertThat(Fixed.at(0.8125, SWEEP)).isEqualTo(new Fixed(15, 400));
    assertThat(Fixed.at(0.875, SWEEP)).isEqualTo(new Fixed(20, 500));
    assertThat(Fixed.at(0.96, SWEEP)).isEqualTo(new Fixed(40, 900));
  }

  @Test
  void thereIsNoneBeyondTheSweep() {
    assertThat(Fixed.at(0.5, SWEEP).ef()).isZero();
    assertThat(Fixed.at(0.99, SWEEP).ef()).isZero();
    assertThat(Fixed.at(0.9, SWEEP.subList(0, 1)).ef()).isZero();
  }
}
