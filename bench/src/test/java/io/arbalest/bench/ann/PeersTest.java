package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.arbalest.bench.ann.PeerProcess.PeerData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeersTest {

  @TempDir Path scratch;

  private PeerData data() {
    return new PeerData(scratch.resolve("base.fbin"), scratch.resolve("q.fbin"), "l2", 16, 200);
  }

  private void assertFails(String script, String reason) {
    List<String> command = List.of("sh", "-c", script);
    assertThatThrownBy(() -> new PeerProcess("broken", "float32", command, data(), null, scratch))
        .isInstanceOf(PeerFailedException.class)
        .hasMessage(reason);
  }

  @Test
  void saysHowAPeerEnded() {
    assertFails(
        "echo loading >&2; echo 'ImportError: no such library' >&2; exit 3",
        "it ended with exit code 3: ImportError: no such library");
    assertFails("kill -9 $$", "it ended with exit code 137: it printed nothing");
    assertFails("echo '{\"error\": \"ValueError: 7\"}'; cat", "ValueError: 7");
  }

  @Test
  void listsAPeerThatThisJavaCannotRun() throws IOException, InterruptedException {
    Path java = scratch.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.createFile(java);
    Files.writeString(scratch.resolve("jdk/release"), "JAVA_VERSION=\"17.0.15\"\n");
    Peers peers = new Peers(scratch, data(), null, java);
    assertThat(peers.start(Peers.expand(List.of("lucene")))).isEmpty();
    String reason = "Lucene 10 needs Java 21 or newer; --peer-java is 17: " + java;
    assertThat(peers.unavailable())
        .containsExactly(entry("lucene/float32", reason), entry("lucene/int8", reason));
  }

  @Test
  void expandsNames() {
    assertThat(Peers.expand(List.of("faiss/sq8", "usearch", "faiss")))
        .containsExactly(
            "faiss/sq8", "usearch/float32", "usearch/float16", "faiss/float32", "faiss/float16");
    assertThat(Peers.expand(List.of("all"))).hasSizeGreaterThan(10).startsWith("hnswlib/float32");
    assertThat(Peers.expandAll(List.of("faiss")))
        .contains("faiss/float32", "faiss/sq8", "faiss/ivf", "faiss/flat", "faiss/flat-skylakex");
    assertThatThrownBy(() -> Peers.expand(List.of("faiss/flat")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Peers.expand(List.of("faiss/sq4")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("faiss/sq4; allowed: all, ");
  }
}
