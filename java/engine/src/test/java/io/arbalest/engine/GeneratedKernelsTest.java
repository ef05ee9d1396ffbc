package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class GeneratedKernelsTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 2000;

  @AfterEach
  void forgetProperty() {
    System.clearProperty(GeneratedKernels.PROPERTY);
  }

  private static IndexStats frozen() {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build()) {
      index.add(TestVectors.ids(0, ROWS), TestVectors.wholeNumbers(ROWS, DIMENSION, 5));
      index.freeze();
      return index.stats();
    }
  }

  @Test
  void switchedOffNothingIsGenerated() {
    System.setProperty(GeneratedKernels.PROPERTY, "false");
    IndexStats stats = frozen();
    assertThat(stats.generatedKernel()).isFalse();
    assertThat(stats.generatedBytes()).isZero();
    assertThat(stats.generatedSpeedup()).isZero();
  }

  @Test
  void statisticsSayWhatAFreezeFound() {
    IndexStats stats = frozen();
    assertThat(stats.generatedBytes() > 0).isEqualTo(stats.generatedKernel());
    if (stats.generatedKernel()) {
      assertThat(stats.generatedSpeedup()).isGreaterThan(1);
    }
    boolean hasGenerator =
        stats.codes() == Codes.SQ8
            && KernelSet.best().name().matches("avx512vnni|avx512fp16|neon(dotprod|fp16|fhm)");
    assertThat(stats.generatedSpeedup() > 0 || !hasGenerator)
        .as("a freeze compares where there is a generator: %s", stats)
        .isTrue();
  }

  @Test
  void otherValuesAreRefused() {
    System.setProperty(GeneratedKernels.PROPERTY, "yes");
    assertThatThrownBy(() -> VectorIndex.builder(DIMENSION).build())
        .isInstanceOf(ArbalestException.class)
        .hasMessage("-Darbalest.generatedKernels: found 'yes', allowed: true, false");
  }
}
