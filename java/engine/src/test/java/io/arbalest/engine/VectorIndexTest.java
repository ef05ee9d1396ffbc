package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.engine.ArbalestException.Status;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoLeaks.class)
class VectorIndexTest {
  private static final int DIMENSION = 24;

  private static VectorIndex index(Metric metric) {
    return VectorIndex.builder(DIMENSION).metric(metric).build();
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void distancesAreThoseOfTheMetric(Metric metric) {
    float[][] vectors = TestVectors.wholeNumbers(40, DIMENSION, 1);
    float[] query = TestVectors.wholeNumbers(1, DIMENSION, 2)[0];
    try (VectorIndex index = index(metric)) {
      index.add(TestVectors.ids(100, 40), vectors);
      SearchResult hits = index.search(query, SearchOptions.k(40).exact(true));
      assertThat(hits.size()).isEqualTo(40);
      assertThat(hits.ids()).containsExactlyInAnyOrder(TestVectors.ids(100, 40));
      assertThat(hits.distances()).isSorted();
      for (int i = 0; i < hits.size(); i++) {
        double expected = distance(metric, query, vectors[(int) hits.ids()[i] - 100]);
        assertThat((double) hits.distances()[i])
            .isCloseTo(expected, within(Math.abs(expected) * 1e-5 + 1e-5));
      }
    }
  }

  private static double distance(Metric metric, float[] a, float[] b) {
    double l2 = 0;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      l2 += (a[i] - b[i]) * (double) (a[i] - b[i]);
      ab += a[i] * (double) b[i];
      aa += a[i] * (double) a[i];
      bb += b[i] * (double) b[i];
    }
    return switch (metric) {
      case L2 -> l2;
      case COSINE -> 1 - ab / Math.sqrt(aa * bb);
      case DOT -> -ab;
    };
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void theGraphFindsWhatTheScanFinds(ElementType element) {
    float[][] vectors = TestVectors.gaussian(3000, DIMENSION, 3);
    try (VectorIndex index =
        VectorIndex.builder(DIMENSION).metric(Metric.L2).element(element).build()) {
      index.add(TestVectors.ids(0, 3000), vectors);
      assertThat(index.stats().pending()).isZero();
      int found = 0;
      float[][] queries = TestVectors.gaussian(50, DIMENSION, 4);
      for (float[] query : queries) {
        List<Long> exact = ids(index.search(query, SearchOptions.k(10).exact(true)));
        SearchResult graph = index.search(query, SearchOptions.k(10).ef(200));
        found += (int) LongStream.of(graph.ids()).filter(exact::contains).count();
        assertThat(graph.stats().visited()).isPositive().isLessThan(3000);
        assertThat(graph.stats().hops()).isPositive();
        assertThat(graph.stats().tailScanned()).isZero();
      }
      assertThat(found).isGreaterThanOrEqualTo(495);
      assertThat(index.validate().isSound()).as(index.validate().toString()).isTrue();
    }
  }

  @Test
  void appendedRowsAreFoundBeforeTheyAreLinked() {
    float[][] vectors = TestVectors.gaussian(300, DIMENSION, 5);
    try (VectorIndex index = index(Metric.L2)) {
      assertThat(index.append(TestVectors.ids(0, 200), slice(vectors, 0, 200))).isZero();
      assertThat(index.append(TestVectors.ids(200, 100), slice(vectors, 200, 300))).isEqualTo(200);
      assertThat(index.stats().pending()).isEqualTo(300);
      SearchResult hits = index.search(vectors[250], 1);
      assertThat(hits.ids()).containsExactly(250);
      assertThat(hits.stats().tailScanned()).isEqualTo(300);
      assertThat(index.link(120)).isEqualTo(120);
      assertThat(index.stats().pending()).isEqualTo(180);
      assertThat(index.search(vectors[10], 1).ids()).containsExactly(10);
      assertThat(index.link(1000)).isEqualTo(180);
      assertThat(index.link(1000)).isZero();
      assertThat(index.search(vectors[250], 1).ids()).containsExactly(250);
    }
  }

  @Test
  void anIdAddedAgainIsReplaced() {
    float[][] vectors = TestVectors.gaussian(100, DIMENSION, 6);
    try (VectorIndex index = index(Metric.L2)) {
      index.add(TestVectors.ids(0, 99), slice(vectors, 0, 99));
      index.add(new long[] {7}, new float[][] {vectors[99]});
      assertThat(index.stats().live()).isEqualTo(99);
      assertThat(index.stats().deleted()).isEqualTo(1);
      assertThat(index.search(vectors[99], 1).ids()).containsExactly(7);
      SearchResult all = index.search(vectors[7], 100);
      assertThat(all.ids()).containsExactlyInAnyOrder(TestVectors.ids(0, 99));
      assertThat(index.search(vectors[7], 1).ids()).doesNotContain(7);
    }
  }

  @Test
  void anIdTwiceInABatchKeepsTheLast() {
    float[][] vectors = TestVectors.gaussian(3, DIMENSION, 7);
    try (VectorIndex index = index(Metric.L2)) {
      index.add(new long[] {1, 2, 1}, vectors);
      assertThat(index.stats().live()).isEqualTo(2);
      SearchResult hits = index.search(vectors[2], 3);
      assertThat(hits.ids()).hasSize(2).startsWith(1);
      assertThat(hits.distances()[0]).isZero();
    }
  }

  @Test
  void deletedRowsAreNotFoundAndKLiveOnesAre() {
    float[][] vectors = TestVectors.gaussian(500, DIMENSION, 8);
    try (VectorIndex index = index(Metric.L2)) {
      index.add(TestVectors.ids(0, 500), vectors);
      long[] nearest = index.search(vectors[0], SearchOptions.k(100).exact(true)).ids();
      assertThat(index.delete(nearest)).isEqualTo(100);
      assertThat(index.delete(nearest)).isZero();
      assertThat(index.delete(9999)).isZero();
      assertThat(index.delete()).isZero();
      SearchResult hits = index.search(vectors[0], SearchOptions.k(20));
      assertThat(hits.size()).isEqualTo(20);
      assertThat(hits.ids()).doesNotContain(nearest);
      assertThat(index.stats().live()).isEqualTo(400);
      assertThat(index.search(vectors[0], 1000).ids()).hasSize(400);
    }
  }

  @Test
  void anEmptyIndexAnswersNothing(@SuppressWarnings("unused") BufferAllocator allocator) {
    try (VectorIndex index = index(Metric.COSINE);
        FixedSizeListVector queries = TestVectors.lists(allocator, TestVectors.FLOAT32, ones(2));
        SearchBatch batch = index.search(queries, SearchOptions.k(3), allocator)) {
      assertThat(index.search(ones(1)[0], 5).size()).isZero();
      assertThat(batch.root().getRowCount()).isZero();
      assertThat(index.stats().rows()).isZero();
      assertThat(index.validate().isSound()).isTrue();
      index.add(new long[0], new float[0][]);
      assertThat(index.link(10)).isZero();
      index.freeze();
    }
  }

  @Test
  void aWantedRecallCostsWhatAFreezeMeasured(BufferAllocator allocator) {
    float[][] vectors = TestVectors.gaussian(4000, DIMENSION, 11);
    float[][] queries = TestVectors.gaussian(20, DIMENSION, 12);
    try (VectorIndex index = index(Metric.COSINE);
        FixedSizeListVector lists = TestVectors.lists(allocator, TestVectors.FLOAT32, queries)) {
      index.add(TestVectors.ids(0, 4000), vectors);
      while (index.link(1000) > 0) {}
      SearchOptions wanted = SearchOptions.k(10).targetRecall(0.95);
      assertThat(index.stats().recallCalibrated()).isFalse();
      assertThat(visited(index, queries, wanted))
          .isEqualTo(visited(index, queries, SearchOptions.k(10).ef(128)));
      index.freeze();
      assertThat(index.stats().recallSampled()).isBetween(128, 2048);
      assertThat(index.stats().recallCalibrated()).isTrue();
      assertThat(visited(index, queries, wanted.targetRecall(0.99)))
          .isGreaterThan(visited(index, queries, wanted));
      assertThat(visited(index, queries, wanted.ef(20)))
          .isEqualTo(visited(index, queries, SearchOptions.k(10).ef(20)));
      try (SearchBatch batch = index.search(lists, wanted, allocator)) {
        assertThat(batch.stats().visited()).isEqualTo(visited(index, queries, wanted));
      }
    }
  }

  private static long visited(VectorIndex index, float[][] queries, SearchOptions options) {
    long visited = 0;
    for (float[] query : queries) {
      visited += index.search(query, options).stats().visited();
    }
    return visited;
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, -0.5, Double.NaN, 95})
  void aRecallThatCannotBeIsRefused(double target) {
    assertThatThrownBy(() -> SearchOptions.k(10).targetRecall(target))
        .isInstanceOf(ArbalestException.class)
        .hasMessage("targetRecall: found %s, allowed above 0 and below 1, or 0 for ef", target);
  }

  private static float[][] ones(int rows) {
    float[][] vectors = new float[rows][DIMENSION];
    for (float[] vector : vectors) {
      java.util.Arrays.fill(vector, 1);
    }
    return vectors;
  }

  @Test
  void manyQueriesAnswerAsOneByOne(BufferAllocator allocator) {
    float[][] vectors = TestVectors.gaussian(400, DIMENSION, 9);
    float[][] queries = TestVectors.gaussian(7, DIMENSION, 10);
    SearchOptions options = SearchOptions.k(5).ef(64);
    try (VectorIndex index = index(Metric.COSINE);
        FixedSizeListVector queryVector =
            TestVectors.lists(allocator, TestVectors.FLOAT32, queries)) {
      index.add(TestVectors.ids(0, 400), vectors);
      List<SearchResult> many = index.search(queries, options);
      try (SearchBatch batch = index.search(queryVector, options, allocator)) {
        assertThat(batch.root().getSchema().getFields())
            .extracting(field -> field.getName())
            .containsExactly("query", "id", "distance");
        assertThat(batch.root().getRowCount()).isEqualTo(35);
        assertThat(batch.stats().visited())
            .isEqualTo(many.stream().mapToLong(result -> result.stats().visited()).sum());
        for (int row = 0; row < 35; row++) {
          assertThat(batch.queries().get(row)).isEqualTo(row / 5);
          assertThat(batch.ids().get(row)).isEqualTo(many.get(row / 5).ids()[row % 5]);
          assertThat(batch.distances().get(row)).isEqualTo(many.get(row / 5).distances()[row % 5]);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void storedVectorsComeBackInTheOrderOfTheirIds(ElementType element, BufferAllocator allocator) {
    float[][] vectors = TestVectors.wholeNumbers(10, DIMENSION, 11);
    try (VectorIndex index =
            VectorIndex.builder(DIMENSION).metric(Metric.L2).element(element).build();
        BigIntVector ids = TestVectors.idVector(allocator, 3, 77, 0, 5, 3)) {
      index.add(TestVectors.ids(0, 10), vectors);
      index.delete(5);
      try (FixedSizeListVector stored = index.vectors(ids, allocator)) {
        assertThat(stored.getValueCount()).isEqualTo(5);
        assertThat(stored.isNull(1)).isTrue();
        assertThat(stored.isNull(3)).isTrue();
        assertThat(stored.getNullCount()).isEqualTo(2);
        FieldVector child = stored.getDataVector();
        assertThat(child.getField().getType())
            .isEqualTo(element == ElementType.FLOAT16 ? TestVectors.FLOAT16 : TestVectors.FLOAT32);
        int[] rows = {0, 2, 4};
        int[] source = {3, 0, 3};
        for (int i = 0; i < rows.length; i++) {
          for (int c = 0; c < DIMENSION; c++) {
            assertThat(TestVectors.component(child, rows[i] * DIMENSION + c))
                .isEqualTo(vectors[source[i]][c]);
          }
        }
      }
    }
  }

  @Test
  void freezingChangesNoAnswer() {
    float[][] vectors = TestVectors.gaussian(1000, DIMENSION, 12);
    try (VectorIndex index = index(Metric.L2)) {
      index.add(TestVectors.ids(0, 1000), vectors);
      SearchResult before = index.search(vectors[3], 10);
      assertThat(index.stats().overlayLists()).isPositive();
      index.freeze();
      assertThat(index.stats().overlayLists()).isZero();
      SearchResult after = index.search(vectors[3], 10);
      assertThat(after.ids()).containsExactly(before.ids());
      assertThat(after.distances()).containsExactly(before.distances());
      index.add(new long[] {5000}, new float[][] {TestVectors.gaussian(1, DIMENSION, 13)[0]});
      assertThat(index.validate().isSound()).isTrue();
    }
  }

  @Test
  void statsTellWhatWasBuilt() {
    try (VectorIndex index =
        VectorIndex.builder(DIMENSION)
            .metric(Metric.DOT)
            .element(ElementType.FLOAT32)
            .m(8)
            .efConstruction(50)
            .kernelSet(KernelSet.named("ref"))
            .build()) {
      index.add(TestVectors.ids(0, 20), TestVectors.wholeNumbers(20, DIMENSION, 14));
      IndexStats stats = index.stats();
      assertThat(stats.rows()).isEqualTo(20);
      assertThat(stats.live()).isEqualTo(20);
      assertThat(stats.dimension()).isEqualTo(DIMENSION).isEqualTo(index.dimension());
      assertThat(stats.metric()).isEqualTo(Metric.DOT).isEqualTo(index.metric());
      assertThat(stats.element()).isEqualTo(ElementType.FLOAT32).isEqualTo(index.element());
      assertThat(stats.m()).isEqualTo(8);
      assertThat(stats.efConstruction()).isEqualTo(50);
      assertThat(stats.kernelSet()).isEqualTo("ref").isEqualTo(index.kernelSet().name());
      assertThat(stats.nativeArithmetic()).isFalse();
      assertThat(stats.vectorBytes()).isPositive();
      assertThat(stats.graphBytes()).isPositive();
      assertThat(stats.idBytes()).isPositive();
      assertThat(stats.absMax()).isEqualTo(100);
    }
  }

  /** Few rows have no codes yet; many have them, and a file keeps what was asked for. */
  @Test
  void codesAndLayoutAreWhatWasAskedFor(@TempDir Path directory) {
    int dimension = 128;
    float[][] vectors = TestVectors.gaussian(2000, dimension, 15);
    try (VectorIndex index = VectorIndex.builder(dimension).layout(Layout.FUSED).m(8).build();
        VectorIndex rows = VectorIndex.builder(dimension).codes(Codes.NONE).m(8).build()) {
      index.add(TestVectors.ids(0, 100), Arrays.copyOf(vectors, 100));
      assertThat(index.stats().codes()).isEqualTo(Codes.NONE);
      index.add(TestVectors.ids(0, 2000), vectors);
      index.freeze();
      assertThat(index.stats().codes()).isEqualTo(Codes.SQ8);
      assertThat(index.stats().layout()).isEqualTo(Layout.FUSED);
      assertThat(index.stats().codeBytes()).isEqualTo(128 * index.stats().rows());
      assertThat(index.search(vectors[7], 10).ids()[0]).isEqualTo(7);
      Path file = directory.resolve("index.arb");
      index.save(file);
      try (VectorIndex opened = VectorIndex.open(file)) {
        assertThat(opened.stats().codes()).isEqualTo(Codes.SQ8);
        assertThat(opened.stats().layout()).isEqualTo(Layout.FUSED);
        assertThat(opened.search(vectors[7], 10).ids()[0]).isEqualTo(7);
      }
      rows.add(TestVectors.ids(0, 2000), vectors);
      rows.freeze();
      assertThat(rows.stats().codes()).isEqualTo(Codes.NONE);
      assertThat(rows.stats().codeBytes()).isZero();
    }
    assertThatThrownBy(() -> Codes.fromWireName("pq"))
        .hasMessage("codes: found 'pq', allowed none, sq8");
    assertThatThrownBy(() -> Layout.fromWireName("tree"))
        .hasMessage("layout: found 'tree', allowed compact, fused");
  }

  @Test
  void settingsOutOfRangeAreNamed() {
    assertThatThrownBy(() -> VectorIndex.builder(0))
        .hasMessage("dimension: found 0, allowed 1..8192");
    assertThatThrownBy(() -> VectorIndex.builder(8193)).hasMessageContaining("dimension");
    assertThatThrownBy(() -> VectorIndex.builder(4).m(1)).hasMessage("m: found 1, allowed 2..128");
    assertThatThrownBy(() -> VectorIndex.builder(4).efConstruction(0))
        .hasMessage("efConstruction: found 0, allowed 1..65536");
    assertThatThrownBy(() -> SearchOptions.k(0)).hasMessage("k: found 0, allowed 1..10000");
    assertThatThrownBy(() -> SearchOptions.k(10).ef(70_000)).hasMessageContaining("ef: found");
    assertThatThrownBy(() -> Metric.fromWireName("manhattan"))
        .hasMessage("metric: found 'manhattan', allowed l2, cosine, dot");
    assertThatThrownBy(() -> ElementType.fromWireName("int4"))
        .hasMessage("element: found 'int4', allowed float16, float32");
  }

  @Test
  void defaultBreadthIs128OrK() {
    assertThat(SearchOptions.k(10).ef()).isEqualTo(128);
    assertThat(SearchOptions.k(500).ef()).isEqualTo(500);
  }

  @Test
  void wrongInputsAreRefusedWhole() {
    float[][] vectors = TestVectors.gaussian(3, DIMENSION, 15);
    try (VectorIndex index = index(Metric.COSINE)) {
      assertInvalid(() -> index.add(new long[] {1}, vectors), "ids: found 1 for 3 vectors");
      assertInvalid(
          () -> index.add(TestVectors.ids(0, 2), new float[][] {vectors[0], new float[3]}),
          "vectors[1]: found 3 components, allowed 24");
      assertInvalid(
          () -> index.add(TestVectors.ids(0, 2), new float[][] {vectors[0], null}),
          "vectors[1]: found null");
      assertInvalid(() -> index.search(new float[5], 1), "query: found 5 components, allowed 24");
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 70_000}) {
        float[][] broken = TestVectors.gaussian(3, DIMENSION, 15);
        broken[1][17] = bad;
        assertInvalid(() -> index.add(TestVectors.ids(0, 3), broken), "1", "17");
        assertInvalid(() -> index.search(broken[1], 1), "17");
      }
      float[][] zero = TestVectors.gaussian(3, DIMENSION, 15);
      zero[2] = new float[DIMENSION];
      assertInvalid(() -> index.add(TestVectors.ids(0, 3), zero), "2", "zero");
      assertThat(index.stats().rows()).isZero();
    }
  }

  private static void assertInvalid(Runnable call, String... parts) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ArbalestException.class,
            e -> {
              assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT);
              assertThat(e.getMessage()).contains(parts);
            });
  }

  private static float[][] slice(float[][] vectors, int from, int to) {
    return java.util.Arrays.copyOfRange(vectors, from, to);
  }

  private static List<Long> ids(SearchResult result) {
    return LongStream.of(result.ids()).boxed().toList();
  }
}
