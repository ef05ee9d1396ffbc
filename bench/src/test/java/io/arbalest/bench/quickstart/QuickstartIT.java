package io.arbalest.bench.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.server.cli.ArbalestCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way: WordNet, the model, Flight, the engine, an answer. */
class QuickstartIT {

  private static final Pattern RECALL = Pattern.compile("recall@10 (\\d\\.\\d+) against exact");

  /** A place of this test's own: other programs may use the system's at the same time. */
  @TempDir Path temporary;

  private String before;

  @BeforeEach
  void takeTemporary() {
    before = System.setProperty("java.io.tmpdir", temporary.toString());
  }

  @AfterEach
  void giveTemporaryBack() {
    System.setProperty("java.io.tmpdir", before);
  }

  private List<String> leftBehind() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("arbalest-"))
          .toList();
    }
  }

  @Test
  void embedsPutsSearchesAndLeavesNothingBehind() throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        ArbalestCommand.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            "quickstart",
            "--rows",
            "200",
            "--query",
            "the part of the arm that has fingers");
    assertThat(code).as(err.toString()).isZero();
    String[] answers =
        out.toString().split("\"the part of the arm that has fingers\"")[1].split("\\R");
    assertThat(answers[1]).contains("hand, manus, mitt, paw (noun)");
    Matcher recall = RECALL.matcher(out.toString());
    assertThat(recall.find()).as(out.toString()).isTrue();
    // The tail that is not in the graph and the graph of 200 rows are both all but exact.
    assertThat(Double.parseDouble(recall.group(1))).isGreaterThan(0.99);
    assertThat(out.toString()).contains("200 rows durable").containsPattern("kernel set: \\w+");
    assertThat(leftBehind()).isEmpty();
  }

  @Test
  void refusesRowsItDoesNotHave() {
    StringWriter err = new StringWriter();
    int code =
        ArbalestCommand.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err, true),
            "quickstart",
            "--rows",
            "118000");
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains("--rows: 118000; allowed: 10..117000");
  }
}
