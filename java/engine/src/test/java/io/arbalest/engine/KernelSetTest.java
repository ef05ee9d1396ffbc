package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KernelSetTest {
  private static final String PREFIX = Cpu.architecture().equals("x86_64") ? "avx" : "neon";

  /** The tier that the kernel's own list of flags calls for, found without our C. */
  private static String tierByCpuinfo() throws IOException {
    String flagLine =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
            .findFirst()
            .orElseThrow();
    Set<String> flags =
        Set.copyOf(Arrays.asList(flagLine.replaceFirst(".*:", "").trim().split(" ")));
    if (Cpu.architecture().equals("aarch64")) {
      return widest(
          flags,
          List.of("neondotprod", "neonfp16", "neonfhm"),
          List.of("asimddp", "asimdhp", "asimdfhm"),
          "neon");
    }
    boolean avx2 = flags.containsAll(Set.of("avx2", "fma", "f16c", "bmi2"));
    boolean avx512 =
        avx2 && flags.containsAll(Set.of("avx512f", "avx512bw", "avx512dq", "avx512vl"));
    if (!avx512) {
      return avx2 ? "avx2" : "ref";
    }
    return widest(
        flags,
        List.of("avx512vnni", "avx512fp16"),
        List.of("avx512_vnni", "avx512_fp16"),
        "avx512");
  }

  /** The last tier whose flag and all before it are there; a tier needs those below it. */
  private static String widest(
      Set<String> flags, List<String> tiers, List<String> needs, String otherwise) {
    String widest = otherwise;
    for (int i = 0; i < tiers.size() && flags.contains(needs.get(i)); i++) {
      widest = tiers.get(i);
    }
    return widest;
  }

  @Test
  void bestIsTheTierThatCpuinfoCallsFor() throws IOException {
    assertThat(KernelSet.Choice.of(KernelSet.all(), Cpu.features(), null, null).set.name())
        .isEqualTo(tierByCpuinfo());
  }

  @Test
  void setsGoFromThePlainestAndEachNeedsMore() {
    List<KernelSet> sets = KernelSet.all();
    assertThat(sets.get(0).name()).isEqualTo("ref");
    assertThat(sets.get(0).required()).isEmpty();
    for (KernelSet set : sets.subList(1, sets.size())) {
      assertThat(set.name()).startsWith(PREFIX);
      assertThat(set.required()).isNotEmpty();
    }
  }

  @Test
  void theCapHoldsAndIsTheReason() {
    for (KernelSet cap : KernelSet.all()) {
      KernelSet.Choice choice =
          KernelSet.Choice.of(KernelSet.all(), EnumSet.allOf(Cpu.Feature.class), cap.name(), null);
      assertThat(choice.set).isEqualTo(cap);
      assertThat(choice.why).contains("-Darbalest.maxIsa=" + cap.name());
    }
  }

  @Test
  void aCapAboveTheCpuChangesNothing() {
    String widest = KernelSet.all().get(KernelSet.all().size() - 1).name();
    assertThat(KernelSet.Choice.of(KernelSet.all(), Set.of(), widest, null).set.name())
        .isEqualTo("ref");
  }

  @Test
  void forcingTakesASetThatTheCpuDoesNotReport() {
    KernelSet widest = KernelSet.all().get(KernelSet.all().size() - 1);
    KernelSet forced = KernelSet.Choice.of(KernelSet.all(), Set.of(), "ref", widest.name()).set;
    assertThat(forced.name()).isEqualTo(widest.name());
    assertThat(forced.isTrusted()).isTrue();
  }

  @Test
  void anUnknownIsaNamesThePropertyAndTheChoices() {
    assertThatThrownBy(() -> KernelSet.Choice.of(KernelSet.all(), Set.of(), "mmx", null))
        .isInstanceOf(ArbalestException.class)
        .hasMessageContaining("-Darbalest.maxIsa: found 'mmx', allowed on")
        .hasMessageContaining("ref");
    assertThatThrownBy(() -> KernelSet.named("sse"))
        .hasMessageContaining("kernel set: found 'sse', allowed on");
  }

  @Test
  void explainHasALineForEverySetAndMarksOne() {
    List<String> lines = KernelSet.explain();
    for (KernelSet set : KernelSet.all()) {
      assertThat(lines).anyMatch(line -> line.matches("[* ] " + set.name() + " .*"));
    }
    assertThat(lines)
        .filteredOn(line -> line.startsWith("* "))
        .singleElement()
        .asString()
        .contains("in use");
  }

  @Test
  void kernelsAreNamedByJob() {
    assertThat(KernelSet.named("ref").kernel("f16_l2sq")).isEqualTo("arb_f16_l2sq_ref");
    assertThat(KernelSet.named("ref").kernel("sq8_dot_x4")).isEqualTo("arb_sq8_dot_x4_ref");
    assertThatThrownBy(() -> KernelSet.named("ref").kernel("f16_hamming"))
        .hasMessageContaining("job: found 'f16_hamming'");
  }
}
