package io.arbalest.bench.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceRowTest {

  @Test
  void writesCaseValuePeerAndRatio(@TempDir Path directory) throws IOException {
    ServiceReport report = new ServiceReport(Map.of("rows", 5));
    report.add(ServiceRow.of("put", "rows/s", 50));
    report.add(ServiceRow.of("get", "us", 30).against("in process", 10).withRecall(0.99));
    Path file = directory.resolve("r.json");
    report.write(file, null);
    JsonNode rows = new ObjectMapper().readTree(file.toFile()).path("rows");
    assertThat(rows.get(0).path("case").asText()).isEqualTo("put");
    assertThat(rows.get(0).path("peer").isNull()).isTrue();
    assertThat(rows.get(1).path("ratio").asDouble()).isEqualTo(3);
    assertThat(rows.get(1).path("peer").asText()).isEqualTo("in process");
    assertThat(rows.get(1).path("recall").asDouble()).isEqualTo(0.99);
    assertThat(report.value("put")).isEqualTo(50);
    assertThatThrownBy(() -> report.value("other")).hasMessageContaining("case: other");
  }

  @Test
  void countsRecallByQuery() {
    List<Long> truth = List.of(1L, 2L, 3L, 4L);
    assertThat(FlightCalls.recall(List.of(2L, 1L, 3L, 9L), truth, 2)).isEqualTo(0.75);
    // An id counts only for the query it answers.
    assertThat(FlightCalls.recall(List.of(3L, 4L, 1L, 2L), truth, 2)).isZero();
    assertThatThrownBy(() -> FlightCalls.recall(List.of(1L), truth, 2))
        .hasMessageContaining("1 ids");
  }
}
