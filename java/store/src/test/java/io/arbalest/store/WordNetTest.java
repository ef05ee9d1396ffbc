package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Real embeddings: recall through the store, and a restart in time with the same answers. */
@ExtendWith(TestAllocator.class)
class WordNetTest {
  private static final Logger LOG = LoggerFactory.getLogger(WordNetTest.class);
  private static final int K = 10;
  private static final int QUERIES = 200;
  private static final int BATCH_ROWS = 4096;
  private static final Duration RESTART_MAX = Duration.ofSeconds(3);

  @TempDir Path directory;

  @Test
  void aRestartIsQuickAndAnswersTheSame(BufferAllocator allocator) throws IOException {
    Path data = TestData.wordNet();
    assumeTrue(Files.exists(data.resolve("base.hbin")), "no WordNet embeddings at " + data);
    DatasetSpec spec =
        DatasetSpec.of("wordnet", Metric.COSINE, ElementType.FLOAT16, IdType.INT64, 384)
            .withGraph(16, 100); // a quicker build than the default; the restart is the same
    List<List<Long>> before;
    int rows;
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(spec);
      long started = System.nanoTime();
      rows = putAll(dataset, data.resolve("base.hbin"), allocator);
      long acknowledged = System.nanoTime();
      dataset.flush();
      LOG.info(
          "{} rows acknowledged in {} ms, in the graph after {} ms",
          rows,
          (acknowledged - started) / 1_000_000,
          (System.nanoTime() - started) / 1_000_000);
      before = search(dataset, data, allocator);
      assertThat(recall(before, data)).isGreaterThanOrEqualTo(0.97);
    }
    long started = System.nanoTime();
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Duration took = Duration.ofNanos(System.nanoTime() - started);
      LOG.info("restart in {} ms", took.toMillis());
      assertThat(store.dataset("wordnet").rowCount()).isEqualTo(rows);
      assertThat(store.dataset("wordnet").status().pending()).isZero();
      assertThat(search(store.dataset("wordnet"), data, allocator)).isEqualTo(before);
      assertThat(took).isLessThan(RESTART_MAX);
    }
  }

  private static int putAll(Dataset dataset, Path file, BufferAllocator allocator)
      throws IOException {
    try (TestData.Halves base = TestData.Halves.open(file)) {
      for (int first = 0; first < base.rows(); first += BATCH_ROWS) {
        int count = Math.min(BATCH_ROWS, base.rows() - first);
        List<Long> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          ids.add((long) first + i);
        }
        FieldVector vectors = base.read(first, count, allocator);
        try (VectorSchemaRoot batch = Batches.root(List.of(Batches.ids(allocator, ids), vectors))) {
          dataset.put(batch).join();
        }
      }
      return base.rows();
    }
  }

  private static List<List<Long>> search(Dataset dataset, Path data, BufferAllocator allocator)
      throws IOException {
    List<List<Long>> hits = new ArrayList<>();
    for (int i = 0; i < QUERIES; i++) {
      hits.add(new ArrayList<>());
    }
    try (TestData.Halves dev = TestData.Halves.open(data.resolve("dev.hbin"));
        FixedSizeListVector queries = dev.read(0, QUERIES, allocator);
        SearchAnswer answer =
            dataset.search(SearchRequest.of(queries, K).with().ef(128).build(), allocator)) {
      VectorSchemaRoot root = answer.root();
      for (int i = 0; i < root.getRowCount(); i++) {
        int query = ((UInt4Vector) root.getVector("query")).get(i);
        hits.get(query).add(((BigIntVector) root.getVector("id")).get(i));
      }
    }
    return hits;
  }

  private static double recall(List<List<Long>> hits, Path data) throws IOException {
    ByteBuffer truth =
        ByteBuffer.wrap(Files.readAllBytes(data.resolve("dev.truth.ibin")))
            .order(ByteOrder.LITTLE_ENDIAN);
    int width = truth.getInt(4);
    int found = 0;
    for (int query = 0; query < QUERIES; query++) {
      Set<Long> nearest = new HashSet<>();
      for (int i = 0; i < K; i++) {
        nearest.add((long) truth.getInt(8 + 4 * (query * width + i)));
      }
      found += (int) hits.get(query).stream().filter(nearest::contains).count();
    }
    return found / (double) (QUERIES * K);
  }

  /** Where test data is, and how it is read. */
  private static final class TestData {
    private static final ArrowType FLOAT16 =
        new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);

    static Path wordNet() {
      String given = System.getProperty("arbalest.data", System.getenv("ARBALEST_DATA"));
      if (given != null) {
        return Path.of(given);
      }
      // Maven runs in java/store; the data lies beside the repository.
      return Path.of("../../../shared/data/wordnet-minilm-384").toAbsolutePath().normalize();
    }

    /** A file of float16 rows: uint32 n, uint32 d, then the components. */
    record Halves(FileChannel channel, int rows, int dimension) implements AutoCloseable {
      static Halves open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file);
        ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        channel.read(head, 0);
        return new Halves(channel, head.getInt(0), head.getInt(4));
      }

      FixedSizeListVector read(int first, int count, BufferAllocator allocator) throws IOException {
        FixedSizeListVector vectors = Batches.emptyVectors(allocator, "vector", FLOAT16, dimension);
        vectors.setInitialCapacity(count);
        vectors.getDataVector().setInitialCapacity(count * dimension);
        vectors.allocateNew();
        for (int i = 0; i < count; i++) {
          vectors.setNotNull(i);
        }
        long bytes = 2L * count * dimension;
        ByteBuffer target = vectors.getDataVector().getDataBuffer().nioBuffer(0, (int) bytes);
        while (target.hasRemaining()) {
          channel.read(target, 8 + 2L * first * dimension + target.position());
        }
        var validity = vectors.getDataVector().getValidityBuffer();
        validity.setOne(0, validity.capacity());
        vectors.getDataVector().setValueCount(count * dimension);
        vectors.setValueCount(count);
        return vectors;
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    }
  }
}
