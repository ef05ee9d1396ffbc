package io.arbalest.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The virtual environment of the Python peers, made below build/ when first asked for. Versions are
 * pinned in {@code bench/peers/requirements.txt} alone, and only what is asked for is installed.
 */
public final class PythonEnvironment {

  private final Path scratch;

  /**
   * @param scratch a directory for the log of an installation
   */
  public PythonEnvironment(Path scratch) {
    this.scratch = scratch;
  }

  /** Where the peers' Python files and their requirements are. */
  public static Path sources() {
    return Home.directory().resolve("bench").resolve("peers");
  }

  /**
   * Installs a package, with numpy, unless it is there.
   *
   * @return the environment's python
   * @throws IOException naming the command that failed and the last that it said
   */
  public Path install(String packageName) throws IOException, InterruptedException {
    Path environment = Home.scratch().resolve("peers-venv");
    Path python = environment.resolve("bin").resolve("python");
    if (!Files.isExecutable(python)) {
      System.err.println("making a Python environment in " + environment);
      run(List.of("python3", "-m", "venv", environment.toString()), "python3 -m venv");
    }
    Path marker = environment.resolve(packageName + ".installed");
    if (!Files.exists(marker)) {
      System.err.println("installing " + packageName);
      List<String> install = new ArrayList<>(List.of(python.toString(), "-m", "pip"));
      install.addAll(List.of("install", "--quiet", "--no-binary", "hnswlib", "--prefer-binary"));
      install.addAll(pinned(packageName));
      run(install, "pip install " + packageName);
      Files.createFile(marker);
    }
    return python;
  }

  /** The requirement lines of numpy and of one package. */
  private static List<String> pinned(String packageName) throws IOException {
    Path requirements = sources().resolve("requirements.txt");
    List<String> wanted = List.of("numpy==", packageName + "==");
    try (Stream<String> lines = Files.lines(requirements)) {
      List<String> found =
          lines.filter(line -> wanted.stream().anyMatch(line::startsWith)).toList();
      if (found.size() != wanted.size()) {
        throw new IOException(requirements + " does not pin " + wanted);
      }
      return found;
    }
  }

  private void run(List<String> command, String what) throws IOException, InterruptedException {
    Path log = scratch.resolve("install.log");
    int code =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    if (code != 0) {
      List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
      String last = lines.isEmpty() ? "it printed nothing" : lines.get(lines.size() - 1);
      throw new IOException(what + " failed with exit code " + code + ": " + last);
    }
  }
}
