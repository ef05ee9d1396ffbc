package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@code tests/e2e/pyarrow/test_arbalest.py} against a server. Skipped, and reported so, where
 * there is no Python with venv or no way to install pyarrow.
 */
class PyarrowTest {
  private static final Path BASE = Path.of(System.getProperty("arbalest.e2e.basedir", "."));
  private static final Path TARGET =
      Path.of(System.getProperty("arbalest.e2e.target", "target")).toAbsolutePath();

  @Test
  void pyarrowDrivesTheServer(@TempDir Path data) throws Exception {
    Path python = environment();
    try (LiveServer live = LiveServer.start(data)) {
      Path script = BASE.resolve("pyarrow/test_arbalest.py").toAbsolutePath();
      Output run = run(python.toString(), script.toString(), live.server().uri());
      System.out.println(run.text());
      assertThat(run.exitCode()).as(run.text()).isZero();
      assertThat(run.text()).contains("exchange, scan, errors: ok");
    }
  }

  /** A virtual environment with pyarrow and numpy; made once and kept in target. */
  private static Path environment() throws IOException, InterruptedException {
    Path venv = TARGET.resolve("pyarrow-venv");
    Path python = venv.resolve("bin/python");
    String probe = "import pyarrow.flight, numpy";
    if (Files.isExecutable(python) && run(python.toString(), "-c", probe).exitCode() == 0) {
      return python;
    }
    Output made = tryRun("python3", "-m", "venv", "--clear", venv.toString());
    assumeTrue(made.exitCode() == 0, "no python3 with venv: " + made.text());
    Output installed =
        run(python.toString(), "-m", "pip", "install", "-q", "--retries", "1", "pyarrow", "numpy");
    assumeTrue(installed.exitCode() == 0, "pyarrow cannot be installed: " + installed.text());
    return python;
  }

  private static Output tryRun(String... command) throws InterruptedException {
    try {
      return run(command);
    } catch (IOException e) {
      return new Output(127, e.getMessage());
    }
  }

  private static Output run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
    String text =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return new Output(process.waitFor(), text);
  }

  private record Output(int exitCode, String text) {}
}
