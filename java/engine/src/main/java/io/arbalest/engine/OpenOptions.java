package io.arbalest.engine;

import java.util.Objects;

/**
 * How to open a saved index.
 *
 * @param kernelSet the kernels to search with; null takes {@link KernelSet#best()}
 * @param resident true copies the vectors to huge pages; false maps the file, which must then stay
 *     in place while the index is open
 */
public record OpenOptions(KernelSet kernelSet, boolean resident) {
  /** Mapped, with the best kernels. */
  public static OpenOptions defaults() {
    return new OpenOptions(null, false);
  }

  /** The same with these kernels. */
  public OpenOptions kernelSet(KernelSet set) {
    return new OpenOptions(Objects.requireNonNull(set, "kernelSet"), resident);
  }

  /** The same with or without copying the vectors. */
  public OpenOptions resident(boolean copy) {
    return new OpenOptions(kernelSet, copy);
  }
}
