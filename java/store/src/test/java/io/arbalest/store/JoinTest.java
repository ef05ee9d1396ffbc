package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.Batches.Row;
import io.arbalest.store.join.Dedup;
import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoin;
import io.arbalest.store.join.KnnJoinRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Joins and pairs against brute force. Components are exact in FP16, and so are the distances. */
@ExtendWith(TestAllocator.class)
class JoinTest {
  private static final int DIMENSION = 12;
  private static final IntFunction<Object> TEXT_ID = i -> "row-" + i;
  private static final IntFunction<Object> NUMBER_ID = i -> (long) i;

  @TempDir Path directory;

  private static List<Row> rows(IntFunction<Object> id, int count, long seed) {
    Random random = new Random(seed);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[DIMENSION];
      for (int j = 0; j < DIMENSION; j++) {
        vector[j] = random.nextInt(9) / 4f;
      }
      vectors.add(i % 5 == 4 ? vectors.get(random.nextInt(i)) : vector); // some lie together
    }
    return Batches.rows(id, vectors);
  }

  private static float l2sq(Row a, Row b) {
    float sum = 0;
    for (int i = 0; i < DIMENSION; i++) {
      sum += (a.vector()[i] - b.vector()[i]) * (a.vector()[i] - b.vector()[i]);
    }
    return sum;
  }

  private static Dataset dataset(
      Store store, BufferAllocator allocator, String name, List<Row> rows) {
    IdType idType = rows.get(0).id() instanceof String ? IdType.UTF8 : IdType.INT64;
    Dataset dataset = store.create(Batches.spec(name, idType, DIMENSION));
    Batches.put(dataset, allocator, rows);
    return dataset;
  }

  /** Distances by left id, nearest first; ties make the ids themselves ambiguous. */
  private static Map<String, List<Float>> distances(KnnJoin join, String ignored) {
    Map<String, List<Float>> found = new TreeMap<>();
    while (join.next()) {
      VectorSchemaRoot root = join.root();
      Float4Vector distances = (Float4Vector) root.getVector("distance");
      for (int i = 0; i < root.getRowCount(); i++) {
        String left = root.getVector(KnnJoin.LEFT_ID).getObject(i).toString();
        String right = root.getVector(KnnJoin.RIGHT_ID).getObject(i).toString();
        assertThat(left).isNotEqualTo(ignored.isEmpty() ? right : ignored);
        found.computeIfAbsent(left, id -> new ArrayList<>()).add(distances.get(i));
      }
    }
    return found;
  }

  private static Map<String, List<Float>> bruteForce(List<Row> left, List<Row> right, int k) {
    Map<String, List<Float>> expected = new TreeMap<>();
    for (Row row : left) {
      List<Float> all =
          right.stream()
              .filter(other -> other != row)
              .map(other -> l2sq(row, other))
              .sorted(Comparator.naturalOrder())
              .limit(k)
              .toList();
      expected.put(row.id().toString(), all);
    }
    return expected;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 700})
  void joinsEachRowWithItsNearest(int k, BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      List<Row> left = rows(TEXT_ID, 300, 1);
      List<Row> right = rows(NUMBER_ID, 500, 2);
      Dataset a = dataset(store, allocator, "a", left);
      Dataset b = dataset(store, allocator, "b", right);
      KnnJoinRequest request =
          new KnnJoinRequest(k, null, null, true, null, null, null, List.of("version"), null);
      try (KnnJoin join = a.knnJoin(b, request, allocator)) {
        assertThat(join.schema().getFields())
            .extracting(field -> field.getName())
            .containsExactly("left_id", "right_id", "distance", "version");
        assertThat(distances(join, "-")).isEqualTo(bruteForce(left, right, k));
        assertThat(join.strategy()).isEqualTo("exact");
        assertThat(join.visited()).isEqualTo(300 * 500);
      }
    }
  }

  @Test
  void aDatasetJoinedWithItselfFindsNoRowItself(BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      List<Row> rows = rows(NUMBER_ID, 400, 3);
      Dataset a = dataset(store, allocator, "a", rows);
      Map<String, List<Float>> expected = bruteForce(rows, rows, 5);
      try (KnnJoin join = a.knnJoin(a, KnnJoinRequest.of(5), allocator)) {
        assertThat(distances(join, "")).isEqualTo(expected);
      }
      KnnJoinRequest byGraph =
          new KnnJoinRequest(5, null, null, false, 200, null, null, List.of(), null);
      try (KnnJoin join = a.knnJoin(a, byGraph, allocator)) {
        assertThat(distances(join, ""))
            .hasSize(400)
            .allSatisfy((id, d) -> assertThat(d).hasSize(5));
        assertThat(join.strategy()).isEqualTo("graph");
      }
    }
  }

  @Test
  void leavesOutWhatIsTooFar(BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      List<Row> rows = rows(NUMBER_ID, 200, 4);
      Dataset a = dataset(store, allocator, "a", rows);
      KnnJoinRequest near =
          new KnnJoinRequest(50, null, null, true, null, null, 1f, List.of(), null);
      Map<String, List<Float>> expected = bruteForce(rows, rows, 50);
      expected.replaceAll((id, all) -> all.stream().filter(distance -> distance <= 1).toList());
      expected.values().removeIf(List::isEmpty);
      try (KnnJoin join = a.knnJoin(a, near, allocator)) {
        assertThat(distances(join, "")).isEqualTo(expected);
      }
    }
  }

  @Test
  void refusesWhatCannotBeJoined(BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset a = dataset(store, allocator, "a", rows(NUMBER_ID, 20, 5));
      Dataset wide =
          store.create(DatasetSpec.of("w", Metric.L2, ElementType.FLOAT16, IdType.INT64, 9));
      Dataset cosine =
          store.create(
              DatasetSpec.of("c", Metric.COSINE, ElementType.FLOAT16, IdType.INT64, DIMENSION));
      refuses("dimension 9, allowed 12", () -> a.knnJoin(wide, KnnJoinRequest.of(1), allocator));
      refuses(
          "metric cosine, allowed l2", () -> a.knnJoin(cosine, KnnJoinRequest.of(1), allocator));
      refuses("k: found 0", () -> a.knnJoin(a, KnnJoinRequest.of(0), allocator));
      refuses(
          "k: found 10000, allowed 1..9999",
          () -> a.knnJoin(a, KnnJoinRequest.of(10_000), allocator));
      refuses("max_distance: found NaN", () -> DedupRequest.within(Float.NaN));
      KnnJoinRequest hurried =
          new KnnJoinRequest(1, null, null, null, null, null, null, List.of(), Duration.ofNanos(1));
      try (KnnJoin join = a.knnJoin(a, hurried, allocator)) {
        assertThatThrownBy(join::next)
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("timeout_ms");
      }
    }
  }

  private static void refuses(String message, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(StoreException.class).hasMessageContaining(message);
  }

  private static TreeSet<String> pairs(Dedup dedup) {
    TreeSet<String> found = new TreeSet<>();
    while (dedup.next()) {
      VectorSchemaRoot root = dedup.root();
      FieldVector a = root.getVector(Dedup.ID_A);
      FieldVector b = root.getVector(Dedup.ID_B);
      Float4Vector distances = (Float4Vector) root.getVector("distance");
      for (int i = 0; i < root.getRowCount(); i++) {
        String pair = a.getObject(i) + " " + b.getObject(i) + " " + distances.get(i);
        assertThat(found.add(pair)).as("%s once", pair).isTrue();
      }
    }
    return found;
  }

  private static TreeSet<String> pairsByForce(List<Row> rows, float most) {
    TreeSet<String> expected = new TreeSet<>();
    for (int i = 0; i < rows.size(); i++) {
      for (int j = i + 1; j < rows.size(); j++) {
        float distance = l2sq(rows.get(i), rows.get(j));
        if (distance <= most) {
          expected.add(rows.get(i).id() + " " + rows.get(j).id() + " " + distance);
        }
      }
    }
    return expected;
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1.5f, 4})
  void findsEachPairOnce(float most, BufferAllocator allocator) throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      List<Row> rows = rows(TEXT_ID, 500, 6);
      Dataset a = dataset(store, allocator, "a", rows);
      DedupRequest exact = new DedupRequest(most, null, true, Long.MAX_VALUE, null);
      TreeSet<String> expected = pairsByForce(rows, most);
      try (Dedup dedup = a.dedup(exact, allocator)) {
        assertThat(pairs(dedup)).isEqualTo(expected);
        assertThat(dedup.capped()).isZero();
      }
      DedupRequest byGraph = new DedupRequest(most, null, false, Long.MAX_VALUE, null);
      try (Dedup dedup = a.dedup(byGraph, allocator)) {
        TreeSet<String> found = pairs(dedup);
        assertThat(expected).containsAll(found);
        assertThat(found).hasSizeGreaterThan(expected.size() * 95 / 100);
      }
      long half = expected.size() / 2;
      try (Dedup dedup = a.dedup(new DedupRequest(most, null, true, half, null), allocator)) {
        assertThat(pairs(dedup)).hasSize((int) half);
      }
    }
  }

  @Test
  void saysHowManyRowsHaveMoreNeighborsThanASearchReturns(BufferAllocator allocator)
      throws IOException {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset a = store.create(Batches.spec("a", IdType.INT64, 1).withGraph(4, 8));
      List<Row> same = new ArrayList<>();
      IntStream.range(0, StoreLimits.K_MAX + 1)
          .forEach(i -> same.add(new Row((long) i, new float[] {1}, 0)));
      for (int first = 0; first < same.size(); first += 1000) {
        Batches.put(a, allocator, same.subList(first, Math.min(same.size(), first + 1000)));
      }
      try (Dedup dedup = a.dedup(new DedupRequest(0, null, true, 20_000, null), allocator)) {
        assertThat(pairs(dedup)).hasSize(20_000);
        assertThat(dedup.capped()).isPositive();
      }
    }
  }
}
