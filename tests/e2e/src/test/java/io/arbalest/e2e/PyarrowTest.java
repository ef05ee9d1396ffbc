package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs the scripts of {@code tests/e2e/pyarrow} against a server: the wire as pyarrow sees it, and
 * the Python code of the READMEs. Skipped, and reported so, where there is no Python with venv or
 * no way to install pyarrow.
 */
class PyarrowTest {
  private static final Path SCRIPTS =
      Path.of(System.getProperty("arbalest.e2e.basedir", ".")).resolve("pyarrow");
  private static final Path TARGET =
      Path.of(System.getProperty("arbalest.e2e.target", "target")).toAbsolutePath();

  @ParameterizedTest
  @CsvSource({
    "test_arbalest.py, 'exchange, scan, errors: ok'",
    "test_readme.py, 'Python blocks: ok'",
  })
  void pyarrowDrivesTheServer(String name, String last, @TempDir Path data) throws Exception {
    Path python = environment();
    try (LiveServer live = LiveServer.start(data)) {
      Path script = SCRIPTS.resolve(name).toAbsolutePath();
      Output run = run(python.toString(), script.toString(), live.server().uri());
      System.out.println(run.text());
      assertThat(run.exitCode()).as(run.text()).isZero();
      assertThat(run.text()).contains(last);
    }
  }

  /** A virtual environment with what the scripts need; made once and kept in target. */
  private static Path environment() throws IOException, InterruptedException {
    Path venv = TARGET.resolve("pyarrow-venv");
    Path python = venv.resolve("bin/python");
    String probe = "import pyarrow.flight, numpy, polars";
    if (Files.isExecutable(python) && run(python.toString(), "-c", probe).exitCode() == 0) {
      return python;
    }
    Output made = tryRun("python3", "-m", "venv", "--clear", venv.toString());
    assumeTrue(made.exitCode() == 0, "no python3 with venv: " + made.text());
    String wanted = SCRIPTS.resolve("requirements.txt").toString();
    Output installed =
        run(python.toString(), "-m", "pip", "install", "-q", "--retries", "1", "-r", wanted);
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
