package io.arbalest.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private static String show(boolean terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        Progress progress = new Progress("embedding", "texts", 10, out, terminal)) {
      for (int done = 1; done <= 10; done++) {
        progress.to(done);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsALineAQuarterWithoutATerminal() {
    assertThat(show(false))
        .isEqualToNormalizingNewlines(
            "embedding: 3 of 10\nembedding: 5 of 10\nembedding: 8 of 10\nembedding: 10 of 10\n");
  }
}
