package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.engine.ArbalestException.Status;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel set that this CPU reports answers as the plain C one does. */
@ExtendWith(NoLeaks.class)
class KernelSetsRunTest {
  private static final int DIMENSION = 200;

  static Stream<KernelSet> supported() {
    return KernelSet.all().stream().filter(KernelSet::isSupported);
  }

  private static List<KernelSet> unsupported() {
    return KernelSet.all().stream().filter(set -> !set.isSupported()).toList();
  }

  @ParameterizedTest
  @MethodSource("supported")
  void aSetAnswersAsTheReferenceDoes(KernelSet set) {
    float[][] vectors = TestVectors.gaussian(800, DIMENSION, 1);
    for (Metric metric : Metric.values()) {
      for (ElementType element : ElementType.values()) {
        VectorIndex.Builder builder =
            VectorIndex.builder(DIMENSION).metric(metric).element(element);
        try (VectorIndex reference = builder.kernelSet(KernelSet.named("ref")).build();
            VectorIndex index = builder.kernelSet(set).build()) {
          reference.append(TestVectors.ids(0, 800), vectors);
          index.add(TestVectors.ids(0, 800), vectors);
          assertThat(index.stats().kernelSet()).isEqualTo(set.name());
          for (int i = 0; i < 10; i++) {
            float[] query = vectors[i * 31].clone();
            query[5] += 0.25f;
            SearchResult expected = reference.search(query, SearchOptions.k(5).exact(true));
            SearchResult actual = index.search(query, SearchOptions.k(5).ef(400));
            long agreed =
                LongStream.of(actual.ids())
                    .filter(id -> LongStream.of(expected.ids()).anyMatch(e -> e == id))
                    .count();
            assertThat(agreed).as(metric + " " + element).isGreaterThanOrEqualTo(4);
            assertThat(actual.ids()[0]).isEqualTo(expected.ids()[0]);
            assertThat((double) actual.distances()[0])
                .isCloseTo(
                    expected.distances()[0],
                    within(1e-3 + 1e-4 * Math.abs(expected.distances()[0])));
          }
        }
      }
    }
  }

  @Test
  void aSetThatTheCpuDoesNotReportIsRefusedUnlessTrusted() {
    for (KernelSet set : unsupported()) {
      assertThatThrownBy(() -> VectorIndex.builder(8).kernelSet(set).build())
          .isInstanceOfSatisfying(
              ArbalestException.class,
              e -> {
                assertThat(e.status()).isEqualTo(Status.UNSUPPORTED);
                assertThat(e.getMessage()).contains(set.name());
              });
      VectorIndex.builder(8).kernelSet(set.trusted()).build().close(); // built, not executed
    }
  }

  /** A virtual machine may hide what the CPU has: then a forced set answers; else the JVM dies. */
  @Test
  void aForcedSetAnswersRightOrDiesOfAnIllegalInstruction(@TempDir Path directory)
      throws Exception {
    for (KernelSet set : unsupported()) {
      FreshJvm jvm =
          FreshJvm.run(
              FreshJvm.testClassPath(),
              List.of("-D" + KernelSet.FORCE_ISA_PROPERTY + "=" + set.name()),
              SmokeMain.class.getName(),
              directory);
      assertThat(jvm.output()).contains(set + " (forced by -Darbalest.forceIsa)");
      if (jvm.exitCode() == 0) {
        assertThat(jvm.output()).contains("smoke: ok", "kernelSet=" + set);
      } else {
        assertThat(jvm.output()).contains("SIGILL").doesNotContain("smoke: failed");
      }
    }
  }

  @Test
  void aCappedJvmUsesThePlainerSet(@TempDir Path directory) throws Exception {
    FreshJvm jvm =
        FreshJvm.run(
            FreshJvm.testClassPath(),
            List.of("-D" + KernelSet.MAX_ISA_PROPERTY + "=ref"),
            SmokeMain.class.getName(),
            directory);
    assertThat(jvm.output()).contains("smoke: ok", "kernelSet=ref");
  }
}
