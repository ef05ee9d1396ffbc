package io.arbalest.bench.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.arbalest.bench.BenchCommand;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every size of call is in the report, beside the call for all queries. */
class CallsCommandIT {
  private static final int ROWS = 400;
  private static final int QUERIES = 100;
  private static final int DIMENSION = 16;

  @Test
  void setsEverySizeBesideOneCall(@TempDir Path directory) throws IOException {
    Path base = write(directory.resolve("base.fbin"), ROWS, 1);
    Path queries = write(directory.resolve("queries.fbin"), QUERIES, 2);
    Path json = directory.resolve("out.json");
    int code =
        new CommandLine(new BenchCommand())
            .execute("calls", "--base=" + base, "--queries=" + queries, "--json=" + json);
    assertThat(code).isZero();
    List<String> names = new ArrayList<>();
    for (JsonNode row : new ObjectMapper().readTree(json.toFile()).get("rows")) {
      String name = row.get("case").asText();
      names.add(name);
      assertThat(row.get("value").asDouble()).as(name).isPositive();
      if (name.startsWith(QUERIES + " queries")) {
        assertThat(row.get("recall").asDouble()).as(name).isGreaterThan(0.9);
        assertThat(row.get("ratio").isNull()).as(name).isEqualTo(name.endsWith("in one call"));
      }
    }
    assertThat(names)
        .containsExactly(
            "one row, search(float[])",
            "one row, search(Arrow batch of 1)",
            "one row, delete(long...)",
            "one row, stats()",
            "100 queries, in one call",
            "100 queries, as float[]",
            "100 queries, in Arrow batches of 1",
            "100 queries, in Arrow batches of 16",
            "100 queries, in Arrow batches of 64",
            "store, cache off, median",
            "store, missed and remembered, median",
            "store, from the cache, median",
            "store, from the cache, 99th percentile");
  }

  private static Path write(Path file, int rows, long seed) throws IOException {
    Random random = new Random(seed);
    ByteBuffer bytes = ByteBuffer.allocate(8 + rows * DIMENSION * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(rows).putInt(DIMENSION);
    for (int i = 0; i < rows * DIMENSION; i++) {
      bytes.putFloat((float) random.nextGaussian());
    }
    return Files.write(file, bytes.array());
  }
}
