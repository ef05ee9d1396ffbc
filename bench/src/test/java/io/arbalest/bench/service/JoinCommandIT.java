package io.arbalest.bench.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.bench.SmallRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joins of more rows than a batch has, beside a real process. */
class JoinCommandIT {

  @Test
  void measuresEveryWayToJoin(@TempDir Path directory) throws IOException {
    JsonNode report =
        new SmallRun(directory)
            .report(
                "join",
                "--batch=100",
                "--left-rows=250",
                "--efs=64",
                "--repeats=1",
                "--threads=1",
                "--joins-only",
                "--peers=jvector/float32,lucene/float32");
    List<String> names = new ArrayList<>();
    for (JsonNode row : report.get("rows")) {
      names.add(row.get("case").asText());
      assertThat(row.get("value").asDouble()).as("%s", row).isPositive();
      assertThat(row.get("recall").asDouble()).as("%s", row).isGreaterThan(0.95);
    }
    assertThat(names).startsWith("knn-join, exact", "knn-join, ef 64", "jvector/float32, ef 64");
    boolean listed = report.get("parameters").has("not run: lucene/float32");
    assertThat(names.contains("lucene/float32, ef 64")).isNotEqualTo(listed);
    assertThat(listed).isEqualTo(Runtime.version().feature() < 21);
  }

  @Test
  void looksForPairsUnlessToldNotTo(@TempDir Path directory) throws IOException {
    JsonNode report =
        new SmallRun(directory)
            .report("join", "--left-rows=50", "--efs=64", "--repeats=1", "--distances=8");
    assertThat(report.get("rows")).hasSize(4);
    assertThat(report.get("rows").get(2).get("case").asText())
        .startsWith("dedup within 8.0, exact");
  }

  @Test
  void refusesWhatCannotBe(@TempDir Path directory) throws IOException {
    SmallRun run = new SmallRun(directory);
    assertThat(run.exitCode("join", "--peers=faiss/sq4")).isEqualTo(2);
    assertThat(run.exitCode("join", "--peers=jvector", "--rows=100")).isEqualTo(2);
    assertThat(run.exitCode("join", "--threads=0")).isEqualTo(2);
  }
}
