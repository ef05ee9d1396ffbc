package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.bench.ann.PeerProcess.PeerData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers of a few lines of shell: what they are asked, and what of it is kept. */
class KeptIndexesTest {

  private static final int ROWS = 3;

  /** Answers as a peer would, and notes every request. */
  private static final String PEER =
      """
      while read -r line; do
        echo "$line" >> "$0"
        path=$(echo "$line" | sed -n 's/.*"path":"\\([^"]*\\)".*/\\1/p')
        case "$line" in
          *'"open"'*) echo '{"version":"VERSION"}' ;;
          *'"build"'*) echo '{"seconds":7.5,"bytes":800,"resident_bytes":900}' ;;
          *'"save"'*) SAVE ;;
          *'"load"'*) LOAD ;;
        esac
      done
      """;

  private static final String SAVE = "echo rows > \"$path\"; echo '{\"saved\":true}'";
  private static final String LOAD = "echo '{\"rows\":3}'";

  @TempDir Path directory;
  private Path keep;
  private Path requests;

  @BeforeEach
  void writeData() throws IOException {
    keep = directory.resolve("keep");
    requests = directory.resolve("requests");
    Files.writeString(directory.resolve("base.fbin"), "rows");
  }

  /** Runs a peer that builds once; returns that build and leaves what was asked for. */
  private Contender.Build build(String version, String save, String load, int threads)
      throws IOException {
    Files.deleteIfExists(requests);
    PeerData data =
        new PeerData(
            directory.resolve("base.fbin"), directory.resolve("queries.fbin"), "l2", 16, 200);
    String script = PEER.replace("VERSION", version).replace("SAVE", save).replace("LOAD", load);
    List<String> command = List.of("sh", "-c", script, requests.toString());
    KeptIndexes kept = new KeptIndexes(keep, data, ROWS, 8);
    try (PeerProcess peer = new PeerProcess("model", "float32", command, data, kept, directory)) {
      return peer.build(threads);
    }
  }

  private List<String> asked() throws IOException {
    return Files.readAllLines(requests).stream()
        .map(line -> line.replaceAll(".*\"do\":\"(\\w+)\".*", "$1"))
        .toList();
  }

  private Path index() {
    return keep.resolve("model-float32_base.fbin-3x8_l2_M16_efc200_t2");
  }

  @Test
  void loadsWhatAnEarlierRunBuilt() throws IOException {
    Contender.Build first = build("1", SAVE, LOAD, 2);
    assertThat(asked()).containsExactly("open", "build", "save");
    assertThat(first).isEqualTo(new Contender.Build(7.5, 800, 900));
    assertThat(index()).hasContent("rows");

    Contender.Build second = build("1", SAVE, LOAD, 2);
    assertThat(asked()).containsExactly("open", "load");
    assertThat(second).usingRecursiveComparison().ignoringFields("kept").isEqualTo(first);
    assertThat(second.kept().ended()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    assertThat(second.kept().loadAverage()).isNotNegative();
  }

  @Test
  void buildsAnewWhatIsNotTheSame() throws IOException {
    build("1", SAVE, LOAD, 2);
    build("1", SAVE, LOAD, 1);
    assertThat(asked()).as("other threads").containsExactly("open", "build", "save");
    build("2", SAVE, LOAD, 2);
    assertThat(asked()).as("another version").containsExactly("open", "build", "save");
    Files.writeString(directory.resolve("base.fbin"), "others");
    build("2", SAVE, LOAD, 2);
    assertThat(asked()).as("other data").containsExactly("open", "build", "save");
    build("2", SAVE, LOAD, 2);
    assertThat(asked()).as("all the same").containsExactly("open", "load");
  }

  @Test
  void buildsAnewWhatCannotBeLoaded() throws IOException {
    build("1", SAVE, LOAD, 2);
    assertThat(build("1", SAVE, "echo '{\"rows\":2}'", 2).kept()).isNull();
    assertThat(asked()).containsExactly("open", "load", "build", "save");
    assertThat(build("1", SAVE, "echo '{\"error\":\"cut off\"}'", 2).kept()).isNull();
    assertThat(asked()).containsExactly("open", "load", "build", "save");
  }

  @Test
  void buildsEachTimeWhereThePeerKeepsNothing() throws IOException {
    for (String save :
        List.of("echo '{\"saved\":false}'", "echo half > \"$path\"; echo '{\"error\":\"full\"}'")) {
      for (int run = 0; run < 2; run++) {
        assertThat(build("1", save, LOAD, 2)).isEqualTo(new Contender.Build(7.5, 800, 900));
        assertThat(asked()).containsExactly("open", "build", "save");
        assertThat(keep).isEmptyDirectory();
      }
    }
  }

  @Test
  void loadsNothingHalfWritten() throws IOException {
    build("1", SAVE, LOAD, 2);
    Files.delete(keep.resolve(index().getFileName() + ".json"));
    build("1", SAVE, LOAD, 2);
    assertThat(asked()).containsExactly("open", "build", "save");
  }
}
