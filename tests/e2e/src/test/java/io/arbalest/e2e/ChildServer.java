package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.arrow.vector.VectorSchemaRoot;

/** {@code arbalest serve} in a process of its own, which a test may kill. */
final class ChildServer implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("arbalest ready: (grpc://\\S+).*");
  private static final int EXIT_SECONDS = 60;

  /** Classes as the JVM keeps them ready: halves the start where the class path is all jars. */
  private static final Path ARCHIVE =
      Path.of(System.getProperty("arbalest.e2e.target", "target"), "server.jsa").toAbsolutePath();

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
    return start(archived(), data, log, arguments);
  }

  private static ChildServer start(List<String> jvm, Path data, Path log, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(javaCommand(jvm));
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

  /** Lets a server run once and leave its classes for those that start after it. */
  static void archiveClasses(Path data, Path log) throws IOException, InterruptedException {
    Files.deleteIfExists(ARCHIVE);
    try (ChildServer server =
        start(List.of("-XX:ArchiveClassesAtExit=" + ARCHIVE), data, log, "--http-port", "-1")) {
      try (ArbalestClient client = ArbalestClient.connect(server.uri());
          VectorSchemaRoot batch = Batches.random(client.allocator(), 0, 10, 8, 1)) {
        client.put("warm", batch);
        client.flush("warm");
      }
      server.terminate();
    }
  }

  /** The JVM with this one's class path, set to start fast. */
  static List<String> javaCommand() {
    return javaCommand(archived());
  }

  private static List<String> archived() {
    return Files.exists(ARCHIVE) ? List.of("-XX:SharedArchiveFile=" + ARCHIVE) : List.of();
  }

  private static List<String> javaCommand(List<String> more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                // It explains at length which classes it cannot keep.
                "-Xlog:disable",
                "-Xlog:all=error:stderr",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.cachedir="
                    + System.getProperty("org.bytedeco.javacpp.cachedir", "target/javacpp-cache")));
    command.addAll(more);
    command.addAll(List.of("-cp", classPath()));
    return command;
  }

  /** This JVM's, without the tests: with a directory on it the JVM keeps no classes. */
  private static String classPath() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(all.split(File.pathSeparator))
        .filter(element -> !element.startsWith(ARCHIVE.getParent().toString()))
        .collect(Collectors.joining(File.pathSeparator));
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
