package io.arbalest.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own, the same as this one, and keeps what it printed. */
record FreshJvm(int exitCode, String output) {
  private static final long TIMEOUT_SECONDS = 300;

  /**
   * @param options JVM options beside those that Arrow needs; may set another cache directory
   */
  static FreshJvm run(String classPath, List<String> options, String main, Path directory)
      throws IOException, InterruptedException {
    return run(command(classPath, options, main, directory), directory);
  }

  /** The command line of {@link #run(String, List, String, Path)}. */
  static List<String> command(String classPath, List<String> options, String main, Path directory) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("--add-opens=java.base/java.nio=ALL-UNNAMED");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx256m");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-Dorg.bytedeco.javacpp.cachedir=" + directory.resolve("javacpp-cache"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, main));
    return command;
  }

  /** Runs a command to its end, its output and errors together. */
  static FreshJvm run(List<String> command, Path directory)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "jvm", ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("no end after " + TIMEOUT_SECONDS + " s: " + command);
    }
    return new FreshJvm(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  /** The class path of this test run. */
  static String testClassPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }
}
