package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Recall on real embeddings: 115,659 WordNet glosses, 384-d, cosine, FP16, M = 16, ef_construction
 * = 200, built by two threads. Skipped, and reported so, where the data is absent; {@code
 * ARBALEST_DATA} (environment or property) says where it is.
 */
@ExtendWith(NoLeaks.class)
class WordNetRecallIT {
  private static final int K = 10;
  private static final double RECALL_MIN = 0.99;

  /** A file of uint32 rows, uint32 columns, then the values. */
  private record Matrix(int rows, int columns, ByteBuffer values) {
    static Matrix read(Path file) throws IOException {
      try (FileChannel channel = FileChannel.open(file)) {
        ByteBuffer all =
            channel.map(MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.LITTLE_ENDIAN);
        int rows = all.getInt(0);
        int columns = all.getInt(4);
        return new Matrix(
            rows, columns, all.slice(8, all.capacity() - 8).order(ByteOrder.LITTLE_ENDIAN));
      }
    }

    /** Rows {@code from..to-1} as they lie in the file: float16. */
    FixedSizeListVector halves(BufferAllocator allocator, int from, int to) {
      FixedSizeListVector lists = TestVectors.emptyLists(allocator, TestVectors.FLOAT16, columns);
      lists.setInitialCapacity(to - from);
      lists.allocateNew();
      int bytes = (to - from) * columns * 2;
      lists.getDataVector().setInitialCapacity((to - from) * columns);
      lists.getDataVector().allocateNew();
      lists.getDataVector().getDataBuffer().setBytes(0, values, from * columns * 2, bytes);
      lists.getDataVector().getValidityBuffer().setOne(0L, ((to - from) * columns + 7L) / 8);
      lists.getDataVector().setValueCount((to - from) * columns);
      for (int row = 0; row < to - from; row++) {
        lists.setNotNull(row);
      }
      lists.setValueCount(to - from);
      return lists;
    }
  }

  private static Path data() {
    String configured = System.getProperty("ARBALEST_DATA", System.getenv("ARBALEST_DATA"));
    Path shared =
        configured != null
            ? Path.of(configured)
            : Path.of(System.getProperty("user.dir"), "../../../shared/data");
    Path set = shared.resolve("wordnet-minilm-384");
    Assumptions.assumeTrue(Files.exists(set.resolve("base.hbin")), "no data in " + set);
    return set;
  }

  @Test
  void recallAt10IsAtLeast99Percent(BufferAllocator allocator) throws Exception {
    Path data = data();
    Matrix base = Matrix.read(data.resolve("base.hbin"));
    Matrix truth = Matrix.read(data.resolve("dev.truth.ibin"));
    Matrix dev = Matrix.read(data.resolve("dev.hbin"));
    try (VectorIndex index =
            VectorIndex.builder(base.columns())
                .metric(Metric.COSINE)
                .m(16)
                .efConstruction(200)
                .build();
        FixedSizeListVector queries = dev.halves(allocator, 0, dev.rows())) {
      build(index, base, allocator);
      assertThat(index.validate().isSound()).as(index.validate().toString()).isTrue();
      double recall = recall(index, queries, truth, SearchOptions.k(K).ef(128), allocator);
      index.freeze();
      double frozen = recall(index, queries, truth, SearchOptions.k(K).ef(128), allocator);
      double exact = recall(index, queries, truth, SearchOptions.k(K).exact(true), allocator);
      System.out.printf(
          "WordNet recall@10 at ef 128: %.4f built, %.4f frozen, %.4f exact; %s%n",
          recall, frozen, exact, index.stats());
      assertThat(recall).isGreaterThanOrEqualTo(RECALL_MIN);
      assertThat(frozen).isGreaterThanOrEqualTo(RECALL_MIN);
      assertThat(exact).isGreaterThanOrEqualTo(0.9999);
    }
  }

  private static void build(VectorIndex index, Matrix base, BufferAllocator allocator)
      throws Exception {
    for (int from = 0; from < base.rows(); from += 10_000) {
      int to = Math.min(base.rows(), from + 10_000);
      try (BigIntVector ids = TestVectors.idVector(allocator, TestVectors.ids(from, to - from));
          FixedSizeListVector vectors = base.halves(allocator, from, to)) {
        index.append(ids, vectors);
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<Integer>> linkers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        linkers.add(
            threads.submit(
                () -> {
                  int total = 0;
                  for (int linked; (linked = index.link(256)) > 0; ) {
                    total += linked;
                  }
                  return total;
                }));
      }
      int total = 0;
      for (Future<Integer> linker : linkers) {
        total += linker.get();
      }
      assertThat(total).isEqualTo(base.rows());
    } finally {
      threads.shutdown();
    }
  }

  private static double recall(
      VectorIndex index,
      FixedSizeListVector queries,
      Matrix truth,
      SearchOptions options,
      BufferAllocator allocator) {
    try (SearchBatch batch = index.search(queries, options, allocator)) {
      int found = 0;
      for (int hit = 0; hit < batch.root().getRowCount(); hit++) {
        int query = batch.queries().get(hit);
        for (int i = 0; i < K; i++) {
          if (truth.values().getInt(4 * (query * truth.columns() + i)) == batch.ids().get(hit)) {
            found++;
          }
        }
      }
      return found / (double) (K * truth.rows());
    }
  }
}
