package io.arbalest.engine;

import io.arbalest.engine.internal.Native;
import io.arbalest.engine.internal.NativeLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A set of kernels for one instruction set: {@code ref}, {@code avx2}, {@code avx512}, ... An index
 * is created with one and keeps it for life. The native library only lists the sets; the choice is
 * made here:
 *
 * <ul>
 *   <li>{@link #best()} takes the widest set whose features this CPU reports;
 *   <li>{@code -Darbalest.maxIsa=avx2} caps that choice;
 *   <li>{@code -Darbalest.forceIsa=avx512fp16} takes a set although the CPU does not report its
 *       features. It is for virtual machines that hide them. On a CPU that really lacks them the
 *       process dies of an illegal instruction.
 * </ul>
 *
 * <p>Immutable and thread-safe.
 */
public final class KernelSet {
  /** System property: the widest set that {@link #best()} may take. */
  public static final String MAX_ISA_PROPERTY = "arbalest.maxIsa";

  /** System property: the set that {@link #best()} takes, whatever the CPU reports. */
  public static final String FORCE_ISA_PROPERTY = "arbalest.forceIsa";

  private static final Logger LOG = LoggerFactory.getLogger(KernelSet.class);

  private final int index;
  private final String name;
  private final Set<Cpu.Feature> required;
  private final boolean trusted;

  private KernelSet(int index, String name, Set<Cpu.Feature> required, boolean trusted) {
    this.index = index;
    this.name = name;
    this.required = required;
    this.trusted = trusted;
  }

  /** Every set of this architecture, from the plainest ({@code ref}) to the widest. */
  public static List<KernelSet> all() {
    NativeLibrary.require();
    int count = Native.arb_kernel_set_count();
    List<KernelSet> sets = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Set<Cpu.Feature> required = Cpu.featuresOf(Native.arb_kernel_set_requires(i));
      sets.add(new KernelSet(i, Native.arb_kernel_set_name(i), required, false));
    }
    return List.copyOf(sets);
  }

  /**
   * The set of that name, whether or not this CPU can run it; see {@link #isSupported()}.
   *
   * @throws ArbalestException INVALID_ARGUMENT if this architecture has none of that name
   */
  public static KernelSet named(String name) {
    return named(all(), "kernel set", name);
  }

  /**
   * The set to use by default: the widest that the CPU reports, within the two system properties.
   *
   * @throws ArbalestException INVALID_ARGUMENT if a property names no set of this architecture
   */
  public static KernelSet best() {
    Choice choice = Choice.of(all(), Cpu.features(), property(MAX_ISA_PROPERTY), forced());
    Announcement.once(choice);
    return choice.set;
  }

  /**
   * What {@link #best()} chose and why, a line a set: for {@code arbalest cpu} and bug reports.
   *
   * @throws ArbalestException as {@link #best()}
   */
  public static List<String> explain() {
    List<KernelSet> sets = all();
    Set<Cpu.Feature> features = Cpu.features();
    Choice choice = Choice.of(sets, features, property(MAX_ISA_PROPERTY), forced());
    List<String> lines = new ArrayList<>();
    lines.add("architecture: " + Cpu.architecture());
    lines.add("features:     " + names(features));
    lines.add("kernel set:   " + choice.set.name + " (" + choice.why + ")");
    for (KernelSet set : sets) {
      String mark = set.index == choice.set.index ? "*" : " ";
      lines.add(
          String.format(
              "%s %-12s %-24s %-24s %s",
              mark,
              set.name,
              Native.arb_kernel_set_kernel(set.index, "f16_cosine"),
              Native.arb_kernel_set_kernel(set.index, "sq8_dot"),
              choice.verdict(set)));
    }
    return List.copyOf(lines);
  }

  /** {@code ref}, {@code avx2}, {@code avx512}, {@code avx512vnni}, {@code neon}, ... */
  public String name() {
    return name;
  }

  /** The features that this set's kernels execute. Unmodifiable; empty for {@code ref}. */
  public Set<Cpu.Feature> required() {
    return required;
  }

  /** Whether this CPU reports every required feature. */
  public boolean isSupported() {
    return Cpu.features().containsAll(required);
  }

  /**
   * The same set, to be used although the CPU may not report its features. Executing it on a CPU
   * that lacks them kills the process.
   */
  public KernelSet trusted() {
    return new KernelSet(index, name, required, true);
  }

  /** Whether the set is to be used whatever the CPU reports. */
  public boolean isTrusted() {
    return trusted;
  }

  /**
   * The kernel that this set runs for a job.
   *
   * @param job {@code f16_l2sq}, {@code sq8_dot_x4}, {@code f32_dot}, {@code cast_f32_f16}, ...
   * @return a name such as {@code arb_f16_l2sq_avx512}
   * @throws ArbalestException INVALID_ARGUMENT if there is no such job
   */
  public String kernel(String job) {
    String kernel = Native.arb_kernel_set_kernel(index, job);
    if (kernel == null) {
      throw ArbalestException.invalid("job: found '%s', which no kernel does", job);
    }
    return kernel;
  }

  int index() {
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KernelSet set && set.index == index && set.trusted == trusted;
  }

  @Override
  public int hashCode() {
    return index * 2 + (trusted ? 1 : 0);
  }

  @Override
  public String toString() {
    return name;
  }

  private static String property(String key) {
    String value = System.getProperty(key);
    return value == null || value.isBlank() ? null : value.trim();
  }

  private static String forced() {
    return property(FORCE_ISA_PROPERTY);
  }

  private static KernelSet named(List<KernelSet> sets, String field, String name) {
    for (KernelSet set : sets) {
      if (set.name.equals(name)) {
        return set;
      }
    }
    throw ArbalestException.invalid(
        "%s: found '%s', allowed on %s: %s",
        field,
        name,
        Cpu.architecture(),
        sets.stream().map(KernelSet::name).collect(Collectors.joining(", ")));
  }

  private static String names(Set<Cpu.Feature> features) {
    return features.isEmpty()
        ? "none"
        : features.stream()
            .map(feature -> feature.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(" "));
  }

  /**
   * The choice and its reasons, apart from where the facts come from so that tests can plant them.
   */
  static final class Choice {
    final KernelSet set;
    final String why;
    private final Set<Cpu.Feature> features;
    private final KernelSet cap;

    private Choice(KernelSet set, String why, Set<Cpu.Feature> features, KernelSet cap) {
      this.set = set;
      this.why = why;
      this.features = features;
      this.cap = cap;
    }

    /**
     * @param maxIsa the cap, or null
     * @param forceIsa the set to take, or null
     */
    static Choice of(
        List<KernelSet> sets, Set<Cpu.Feature> features, String maxIsa, String forceIsa) {
      KernelSet cap = maxIsa == null ? null : named(sets, "-D" + MAX_ISA_PROPERTY, maxIsa);
      if (forceIsa != null) {
        KernelSet forced = named(sets, "-D" + FORCE_ISA_PROPERTY, forceIsa).trusted();
        return new Choice(forced, "forced by -D" + FORCE_ISA_PROPERTY, features, cap);
      }
      KernelSet widest = sets.get(0);
      for (KernelSet set : sets) {
        if (features.containsAll(set.required) && (cap == null || set.index <= cap.index)) {
          widest = set;
        }
      }
      String why =
          cap == null
              ? "the widest this CPU reports"
              : "the widest this CPU reports up to -D" + MAX_ISA_PROPERTY + "=" + cap.name;
      return new Choice(widest, why, features, cap);
    }

    /** Why a set was or was not taken. */
    String verdict(KernelSet candidate) {
      if (candidate.index == set.index) {
        return "in use";
      }
      List<Cpu.Feature> missing =
          candidate.required.stream().filter(f -> !features.contains(f)).toList();
      if (!missing.isEmpty()) {
        return "not reported by this CPU: " + names(Set.copyOf(missing));
      }
      if (cap != null && candidate.index > cap.index) {
        return "above -D" + MAX_ISA_PROPERTY + "=" + cap.name;
      }
      return "available";
    }
  }

  /** Says once a JVM what is in use, and how to get a faster path where one exists. */
  private static final class Announcement {
    private static final AtomicBoolean DONE = new AtomicBoolean();

    static void once(Choice choice) {
      if (!DONE.compareAndSet(false, true)) {
        return;
      }
      LOG.info("kernel set {} ({})", choice.set.name, choice.why);
      List<KernelSet> sets = all();
      for (KernelSet wider : sets.subList(choice.set.index + 1, sets.size())) {
        LOG.debug(
            "kernel set {} would be faster: {}. A virtual machine may hide a feature that the CPU"
                + " has; if you know that it has it, -D{}={} takes the set (a CPU that lacks it kills"
                + " the process)",
            wider.name,
            choice.verdict(wider),
            FORCE_ISA_PROPERTY,
            wider.name);
      }
    }
  }
}
