package io.arbalest.bench.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.bench.SmallRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every filter, beside real processes: each peer is measured or listed with the reason. */
class FilterCommandIT {

  @Test
  void measuresOrListsEveryPeerUnderEveryFilter(@TempDir Path directory) throws IOException {
    JsonNode report =
        new SmallRun(directory)
            .report("filter", "--rounds=2", "--peers=hnswlib,jvector/float32,lucene/float32");
    List<String> filters = new ArrayList<>();
    for (JsonNode row : report.get("rows")) {
      filters.add(row.get("filter").asText() + " " + row.get("kind").asText());
      assertThat(row.get("recall").asDouble()).as("%s", row).isGreaterThan(0.9);
    }
    assertThat(filters).hasSize(19).doesNotHaveDuplicates();
    JsonNode leftOut = report.get("parameters").get("left_out");
    assertThat(leftOut.has("jvector/float32")).isFalse();
    assertThat(leftOut.path("lucene/float32").asText().startsWith("Lucene 10 needs Java 21"))
        .isEqualTo(Runtime.version().feature() < 21);
    for (String peer : List.of("hnswlib/float32", "jvector/float32", "lucene/float32")) {
      List<String> under = new ArrayList<>();
      for (JsonNode row : report.get("peers")) {
        if (row.get("system").asText().equals(peer)) {
          under.add(row.get("filter").asText() + " " + row.get("kind").asText());
          assertThat(row.get("failure").isNull()).as("%s", row).isTrue();
          // Rows that JVector's graph does not reach are found at no breadth.
          assertThat(row.get("recall").asDouble()).as("%s", row).isGreaterThan(0.9);
          assertThat(row.get("mean_us").asDouble()).as("%s", row).isPositive();
        }
      }
      // hnswlib has to be fetched and compiled: where that cannot be, the reason is in the report.
      assertThat(under).as(peer).isEqualTo(leftOut.has(peer) ? List.of() : filters);
    }
  }

  @Test
  void refusesWhatCannotBe(@TempDir Path directory) throws IOException {
    SmallRun run = new SmallRun(directory);
    assertThat(run.exitCode("filter", "--peers=faiss/sq4")).isEqualTo(2);
    assertThat(run.exitCode("filter", "--peers=jvector", "--rows=100")).isEqualTo(2);
    assertThat(run.exitCode("filter", "--peers=jvector", "--build-threads=0")).isEqualTo(2);
  }
}
