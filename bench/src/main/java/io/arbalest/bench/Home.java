package io.arbalest.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where the repository and the data sets are on this machine. */
public final class Home {

  private static final String DATA_SET = "wordnet-minilm-384";

  private Home() {}

  /**
   * The repository's root, as the launcher says it: property {@code arbalest.home}, else
   * environment {@code ARBALEST_HOME}.
   *
   * @throws IllegalStateException if neither is set: the benches build and run things beside the
   *     sources, and a guess could take those of another checkout
   */
  public static Path directory() {
    String home = System.getProperty("arbalest.home", System.getenv("ARBALEST_HOME"));
    if (home == null || home.isBlank()) {
      throw new IllegalStateException(
          "ARBALEST_HOME is not set: run this by the launcher, ./arbalest, or set it to the"
              + " repository's root");
    }
    return Path.of(home).toAbsolutePath().normalize();
  }

  /** Scratch space of the benches, below the build directory: a package manager never owns it. */
  public static Path scratch() {
    return directory().resolve("build").resolve("bench");
  }

  /**
   * The WordNet embeddings with ground truth: in {@code arbalest.data} or {@code ARBALEST_DATA}
   * (the folder itself, or the one above it), else in {@code ../shared/data} beside the repository.
   */
  public static Optional<Path> wordnet() {
    String data = System.getProperty("arbalest.data", System.getenv("ARBALEST_DATA"));
    if (data != null && !data.isBlank()) {
      Path given = Path.of(data).toAbsolutePath().normalize();
      return holdsBase(given) ? Optional.of(given) : existing(given.resolve(DATA_SET));
    }
    return existing(directory().resolve("../shared/data").normalize().resolve(DATA_SET));
  }

  private static Optional<Path> existing(Path directory) {
    return holdsBase(directory) ? Optional.of(directory) : Optional.empty();
  }

  private static boolean holdsBase(Path directory) {
    return Files.isRegularFile(directory.resolve("base.hbin"));
  }
}
