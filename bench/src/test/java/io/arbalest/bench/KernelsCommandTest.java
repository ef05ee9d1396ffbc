package io.arbalest.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class KernelsCommandTest {

  private static final String HOME = "arbalest.home";

  @TempDir Path home;
  private String before;

  @BeforeEach
  void setHome() {
    before = System.getProperty(HOME);
    System.setProperty(HOME, home.toString());
  }

  @AfterEach
  void restoreHome() {
    if (before == null) {
      System.clearProperty(HOME);
    } else {
      System.setProperty(HOME, before);
    }
  }

  @Test
  void passesArgumentsAndExitCodeThrough() throws IOException {
    Path binary = home.resolve(KernelsCommand.BINARY);
    Files.createDirectories(binary.getParent());
    Path seen = home.resolve("seen");
    Files.writeString(binary, "#!/bin/sh\necho \"$@\" > '" + seen + "'\nexit 7\n");
    assertThat(binary.toFile().setExecutable(true)).isTrue();
    int code =
        new CommandLine(new BenchCommand())
            .execute("kernels", "--json", "out.json", "--help", "--repeats", "3", "dim");
    assertThat(code).isEqualTo(7);
    assertThat(Files.readString(seen)).isEqualTo("--json out.json --help --repeats 3 dim\n");
  }

  @Test
  void aPeerThatCannotBeHadIsToldAndLeftOut() throws IOException {
    Path binary = home.resolve(KernelsCommand.BINARY);
    Files.createDirectories(binary.getParent());
    Path seen = home.resolve("seen");
    Files.writeString(binary, "#!/bin/sh\necho \"$@\" > '" + seen + "'\n");
    assertThat(binary.toFile().setExecutable(true)).isTrue();
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(new BenchCommand())
            .setErr(new PrintWriter(err, true))
            .execute("kernels", "--repeats", "3", "--peers", "abacus");
    assertThat(code).isZero();
    assertThat(Files.readString(seen)).isEqualTo("--repeats 3\n");
    assertThat(err.toString()).contains("SKIPPED abacus: no such peer; allowed: simsimd, numkong");
  }

  @Test
  void saysWhatIsMissing() {
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(new BenchCommand()).setErr(new PrintWriter(err, true)).execute("kernels");
    assertThat(code).isEqualTo(1);
    assertThat(err.toString())
        .contains(home.resolve(KernelsCommand.BINARY).toString())
        .contains("./mvnw");
  }
}
