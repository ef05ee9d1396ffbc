package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code arbalest serve} in a process of its own, which a test may kill. */
final class ChildServer implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("arbalest ready: (grpc://\\S+).*");
  private static final int EXIT_SECONDS = 60;

  private final Process process;
  private final String uri;

  private ChildServer(Process process, String uri) {
    this.process = process;
    this.uri = uri;
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @param log receives what it writes to its error stream
   */
  static ChildServer start(Path data, Path log, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(javaCommand());
    command.addAll(
        List.of("io.arbalest.server.Main", "serve", "--data", data.toString(), "--port", "0"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    Matcher ready = READY.matcher(line == null ? "" : line);
    if (!ready.matches()) {
      process.destroyForcibly();
      throw new AssertionError("the server said '" + line + "' instead of being ready; see " + log);
    }
    return new ChildServer(process, ready.group(1));
  }

  /** The JVM with this one's class path, set to start fast. */
  static List<String> javaCommand() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xshare:auto",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "-Dorg.bytedeco.javacpp.cachedir="
            + System.getProperty("org.bytedeco.javacpp.cachedir", "target/javacpp-cache"),
        "-cp",
        classPath);
  }

  String uri() {
    return uri;
  }

  /** SIGKILL: what is not on the disk is lost. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    assertThat(process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** SIGTERM; returns the exit code. */
  int terminate() throws InterruptedException {
    process.destroy();
    assertThat(process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    Await.until("the server is gone", () -> !process.isAlive());
  }
}
