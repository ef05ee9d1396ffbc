package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.arbalest.client.SearchQuery;
import io.arbalest.server.cli.ArbalestCommand;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real embeddings over Flight, by the commands a person would type: recall@10 at ef = 128 with the
 * default graph, and the same ids by DoExchange, by DoGet and in process after a restart. Skipped,
 * and reported so, where the data is absent; {@code ARBALEST_DATA} says where it is.
 */
class WordNetTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int K = 10;
  private static final int EF = 128;
  private static final int SINGLE_QUERIES = 100;

  @TempDir Path directory;

  @Test
  void recallOverFlightIsAtLeast99PercentAndTheIdsAreThoseInProcess() throws IOException {
    Path set = set();
    float[][] queries = halves(set.resolve("dev.hbin"));
    List<List<Long>> exchanged;
    try (LiveServer live = LiveServer.start(directory)) {
      String uri = live.server().uri();
      run("put", "--server", uri, "--dataset", "wordnet", set.resolve("base.hbin").toString());
      live.client().flush("wordnet");
      live.client().freeze("wordnet");
      exchanged = exchange(uri, set.resolve("dev.hbin"), queries.length);
      assertThat(recall(exchanged, set.resolve("dev.truth.ibin"))).isGreaterThanOrEqualTo(0.99);
      SearchQuery search = SearchQuery.of("wordnet").k(K).ef(EF).vectorsAs("none");
      for (int i = 0; i < SINGLE_QUERIES; i++) {
        assertThat(live.ids(search.vector(queries[i]))).isEqualTo(exchanged.get(i));
      }
    }
    assertThat(inProcess(queries)).isEqualTo(exchanged);
  }

  private static Path set() {
    String given = System.getProperty("ARBALEST_DATA", System.getenv("ARBALEST_DATA"));
    // Maven runs in tests/e2e; the data lies beside the repository.
    Path data =
        given != null
            ? Path.of(given)
            : Path.of(System.getProperty("arbalest.e2e.basedir"), "../../../shared/data");
    Path set = data.resolve("wordnet-minilm-384").normalize();
    assumeTrue(Files.exists(set.resolve("base.hbin")), "no WordNet embeddings at " + set);
    return set;
  }

  private static String run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        ArbalestCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    assertThat(exitCode).as(err.toString()).isZero();
    return out.toString();
  }

  private static List<List<Long>> exchange(String uri, Path queries, int count) throws IOException {
    String ef = Integer.toString(EF);
    String k = Integer.toString(K);
    String hits =
        run(
            "search",
            "--server",
            uri,
            "--dataset",
            "wordnet",
            "--vectors",
            queries.toString(),
            "-k",
            k,
            "--ef",
            ef,
            "--json");
    List<List<Long>> ids = lists(count);
    for (String line : hits.lines().toList()) {
      JsonNode hit = MAPPER.readTree(line);
      ids.get(hit.get("query").intValue()).add(hit.get("id").longValue());
    }
    return ids;
  }

  private List<List<Long>> inProcess(float[][] queries) {
    List<List<Long>> ids = lists(queries.length);
    try (BufferAllocator allocator = new RootAllocator();
        Store store = Store.open(StoreOptions.of(directory));
        VectorSchemaRoot batch =
            Batches.in(allocator).vectors("vector", Batches.HALF, queries).root(Map.of());
        SearchAnswer answer =
            store
                .dataset("wordnet")
                .search(
                    SearchRequest.of((FixedSizeListVector) batch.getVector("vector"), K)
                        .with()
                        .ef(EF)
                        .build(),
                    allocator)) {
      BigIntVector id = (BigIntVector) answer.root().getVector("id");
      assertThat(id.getValueCount()).isEqualTo(K * queries.length);
      for (int row = 0; row < id.getValueCount(); row++) {
        ids.get(row / K).add(id.get(row));
      }
    }
    return ids;
  }

  private static List<List<Long>> lists(int count) {
    List<List<Long>> lists = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lists.add(new ArrayList<>());
    }
    return lists;
  }

  private static double recall(List<List<Long>> ids, Path truthFile) throws IOException {
    ByteBuffer truth = littleEndian(truthFile);
    int width = truth.getInt(4);
    int found = 0;
    for (int query = 0; query < ids.size(); query++) {
      for (int i = 0; i < K; i++) {
        long nearest = Integer.toUnsignedLong(truth.getInt(8 + 4 * (query * width + i)));
        found += ids.get(query).contains(nearest) ? 1 : 0;
      }
    }
    return found / (double) (ids.size() * K);
  }

  private static float[][] halves(Path file) throws IOException {
    ByteBuffer bytes = littleEndian(file);
    float[][] rows = new float[bytes.getInt()][bytes.getInt()];
    for (float[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = Float16.toFloat(bytes.getShort());
      }
    }
    return rows;
  }

  private static ByteBuffer littleEndian(Path file) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
  }
}
