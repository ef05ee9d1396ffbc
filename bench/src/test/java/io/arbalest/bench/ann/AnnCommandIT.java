package io.arbalest.bench.ann;

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
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A small arena of real processes: every contender is measured or listed with the reason. */
class AnnCommandIT {

  private static final String HOME = "arbalest.home";
  private static final int ROWS = 500;
  private static final int QUERIES = 20;
  private static final int DIMENSION = 16;
  private static final int K = 10;

  @TempDir Path directory;
  private String before;

  @BeforeEach
  void setHome() {
    // Tests run in bench/, the peers' files are below the repository's root.
    before = System.setProperty(HOME, Path.of("..").toAbsolutePath().normalize().toString());
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
  void measuresOrListsEveryContender() throws IOException {
    writeData();
    JsonNode report =
        run("--codes=none,sq8", "--peers=hnswlib,jvector/float32,lucene/float32", "--threads=1");
    List<String> measured =
        StreamSupport.stream(report.get("rows").spliterator(), false)
            .map(row -> row.get("system").asText() + "/" + row.get("variant").asText())
            .toList();
    assertThat(measured)
        .contains(
            "arbalest/float16-none-compact", "arbalest/float16-sq8-compact", "jvector/float32");
    for (JsonNode row : report.get("rows")) {
      assertThat(row.get("recall").asDouble()).as("recall of %s", row).isGreaterThan(0.9);
      assertThat(row.get("qps").asDouble()).isPositive();
      // hnswlib's Python module counts no distances.
      boolean counts = !row.get("system").asText().equals("hnswlib");
      assertThat(row.get("distances").asDouble() > 0).as("distances of %s", row).isEqualTo(counts);
    }
    String leftOut = report.get("parameters").get("left_out").toString();
    assertThat(leftOut.contains("lucene/float32: Lucene 10 needs Java 21"))
        .isEqualTo(Runtime.version().feature() < 21);
    // hnswlib has to be fetched and compiled: where that cannot be, the reason is in the report.
    for (String peer : List.of("hnswlib/float32", "lucene/float32")) {
      assertThat(measured.contains(peer)).as(leftOut).isNotEqualTo(leftOut.contains(peer + ": "));
    }
  }

  @Test
  void searchesKeptIndexesAsItDidThoseItBuilt() throws IOException {
    writeData();
    String[] options = {
      "--peers=hnswlib,jvector,lucene/float32",
      "--threads=1,2",
      "--build-threads=2",
      "--keep=" + directory.resolve("keep")
    };
    JsonNode first = run(options);
    JsonNode second = run(options);
    assertThat(first.get("builds").size()).isEqualTo(second.get("builds").size()).isGreaterThan(1);
    for (JsonNode build : first.get("builds")) {
      assertThat(build.get("threads").asInt()).isEqualTo(2);
      assertThat(build.get("kept").asBoolean()).as("kept: %s", build).isFalse();
    }
    for (JsonNode build : second.get("builds")) {
      boolean keeps = !build.get("system").asText().equals("arbalest");
      assertThat(build.get("kept").asBoolean()).as("kept: %s", build).isEqualTo(keeps);
    }
    // Two threads against one, a contender and recall each.
    assertThat(second.get("thread_gains").size()).isEqualTo(3 * second.get("builds").size());
    for (int row = 0; row < first.get("rows").size(); row++) {
      JsonNode built = first.get("rows").get(row);
      if (!built.get("system").asText().equals("arbalest")) {
        assertThat(second.get("rows").get(row).get("recall")).isEqualTo(built.get("recall"));
      }
    }
  }

  @Test
  void exactSearchesFindEveryNeighbor() throws IOException {
    writeData();
    JsonNode report = runCommand("exact", "--element=float32,float16");
    assertThat(report.get("rows")).hasSize(2);
    for (JsonNode row : report.get("rows")) {
      boolean rounded = row.get("variant").asText().startsWith("float16");
      assertThat(row.get("recall").asDouble())
          .as("recall of %s", row)
          .isGreaterThanOrEqualTo(rounded ? 0.98 : 1.0);
      assertThat(row.get("qps").asDouble()).isPositive();
    }
    assertThat(execute("exact", "--peers=hnswlib")).isEqualTo(2);
  }

  private JsonNode run(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--ef=64"));
    arguments.addAll(List.of(options));
    return runCommand("ann", arguments.toArray(String[]::new));
  }

  private JsonNode runCommand(String command, String... options) throws IOException {
    assertThat(execute(command, options)).isZero();
    return new ObjectMapper().readTree(directory.resolve("out.json").toFile());
  }

  private int execute(String command, String... options) {
    Path json = directory.resolve("out.json");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command,
                "--base=" + directory.resolve("base.fbin"),
                "--queries=" + directory.resolve("queries.fbin"),
                "--truth=" + directory.resolve("truth.ibin"),
                "--metric=l2",
                "--repeats=1",
                "--seconds=0.01",
                "--json=" + json));
    arguments.addAll(List.of(options));
    return new CommandLine(new BenchCommand()).execute(arguments.toArray(String[]::new));
  }

  private void writeData() throws IOException {
    Random random = new Random(1);
    float[][] base = rows(random, ROWS);
    float[][] queries = rows(random, QUERIES);
    write("base.fbin", base);
    write("queries.fbin", queries);
    ByteBuffer truth = buffer(8 + QUERIES * K * 8).putInt(QUERIES).putInt(K);
    int distancesAt = 8 + QUERIES * K * 4;
    for (int query = 0; query < QUERIES; query++) {
      float[] asked = queries[query];
      int[] nearest =
          IntStream.range(0, ROWS)
              .boxed()
              .sorted(Comparator.comparingDouble(row -> distance(asked, base[row])))
              .limit(K)
              .mapToInt(Integer::intValue)
              .toArray();
      for (int i = 0; i < K; i++) {
        truth.putInt(nearest[i]);
        truth.putFloat(distancesAt + (query * K + i) * 4, distance(asked, base[nearest[i]]));
      }
    }
    Files.write(directory.resolve("truth.ibin"), truth.array());
  }

  private static float[][] rows(Random random, int count) {
    float[][] rows = new float[count][DIMENSION];
    for (float[] row : rows) {
      for (int i = 0; i < DIMENSION; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return rows;
  }

  private static float distance(float[] a, float[] b) {
    float sum = 0;
    for (int i = 0; i < DIMENSION; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
  }

  private void write(String name, float[][] rows) throws IOException {
    ByteBuffer bytes = buffer(8 + rows.length * DIMENSION * 4).putInt(rows.length);
    bytes.putInt(DIMENSION);
    for (float[] row : rows) {
      for (float value : row) {
        bytes.putFloat(value);
      }
    }
    Files.write(directory.resolve(name), bytes.array());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
