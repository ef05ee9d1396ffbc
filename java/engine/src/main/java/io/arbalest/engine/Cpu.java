package io.arbalest.engine;

import io.arbalest.engine.internal.Native;
import io.arbalest.engine.internal.NativeLibrary;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The facts about this CPU that matter to kernels, as the native library reads them. */
public final class Cpu {
  /**
   * What a kernel set may require. On x86-64 a feature counts only if the system saves its state.
   */
  public enum Feature {
    /** AVX2 with FMA, F16C and BMI2. */
    AVX2(0),
    /** AVX-512 F, BW, DQ and VL. */
    AVX512(1),
    /** AVX-512 VNNI. */
    AVX512VNNI(2),
    /** AVX-512 FP16. */
    AVX512FP16(3),
    /** Advanced SIMD. */
    NEON(32),
    /** FEAT_FP16. */
    NEONFP16(33),
    /** FEAT_FHM. */
    NEONFHM(34),
    /** FEAT_DotProd. */
    NEONDOTPROD(35);

    private final long bit;

    Feature(int shift) {
      this.bit = 1L << shift;
    }
  }

  private Cpu() {}

  /** The features of this CPU that the operating system lets programs use. Unmodifiable. */
  public static Set<Feature> features() {
    NativeLibrary.require();
    return featuresOf(Native.arb_cpu_features());
  }

  /** {@code x86_64} or {@code aarch64}. */
  public static String architecture() {
    String arch = System.getProperty("os.arch");
    return arch.equals("amd64") ? "x86_64" : arch;
  }

  static Set<Feature> featuresOf(long bits) {
    EnumSet<Feature> features = EnumSet.noneOf(Feature.class);
    for (Feature feature : Feature.values()) {
      if ((bits & feature.bit) != 0) {
        features.add(feature);
      }
    }
    return Collections.unmodifiableSet(features);
  }
}
