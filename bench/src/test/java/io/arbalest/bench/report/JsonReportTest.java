package io.arbalest.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonReportTest {

  private record Row(String system, double p50Us) {}

  @Test
  void writesTheFourPartsWithSnakeCaseKeys(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("r.json");
    JsonReport.write(
        file, MachineFacts.read(), Map.of("k", 10), List.of(new Row("arbalest", 12.5)), List.of());
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly("machine", "parameters", "rows", "builds");
    assertThat(json.path("rows").get(0).path("p50_us").asDouble()).isEqualTo(12.5);
    assertThat(json.path("parameters").path("k").asInt()).isEqualTo(10);
    assertThat(json.path("builds").isArray()).isTrue();
    assertThat(json.path("machine").path("cpu").asText()).isNotBlank();
    assertThat(json.path("machine").path("memory_gib").asDouble()).isPositive();
  }
}
