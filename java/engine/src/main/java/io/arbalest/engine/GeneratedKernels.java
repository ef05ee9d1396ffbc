package io.arbalest.engine;

/**
 * Whether traversal may run distances that are generated at run time for an index's dimension.
 *
 * <p>{@code -Darbalest.generatedKernels=false} is the off switch: nothing is generated, and no
 * memory made executable. Otherwise each freeze compares the generated distance with the kernel
 * set's own on the index's rows for a few milliseconds, and keeps it only where it is faster;
 * {@link IndexStats} tells. A system that forbids executable memory needs no switch: the set's own
 * kernels stay.
 */
enum GeneratedKernels {
  /** Where a freeze finds them faster. */
  IF_FASTER,
  /** Nothing is generated. */
  NEVER;

  /** The system property of the off switch. */
  static final String PROPERTY = "arbalest.generatedKernels";

  /** {@code arb_generated_use}. */
  int code() {
    return ordinal();
  }

  /** What the system property says at this moment. */
  static GeneratedKernels fromProperty() {
    String value = System.getProperty(PROPERTY, "true").trim();
    return switch (value) {
      case "true" -> IF_FASTER;
      case "false" -> NEVER;
      default ->
          throw ArbalestException.invalid(
              "-D%s: found '%s', allowed: true, false", PROPERTY, value);
    };
  }
}
