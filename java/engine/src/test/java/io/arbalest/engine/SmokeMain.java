package io.arbalest.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * The whole life of an index in one small program, for machines where the test suite is too much:
 * under an emulator, or with {@code -Xcheck:jni}. Prints what it does; ends with "smoke: ok" or
 * throws.
 */
public final class SmokeMain {
  private static final int DIMENSION = 96;
  private static final int ROWS = 600;

  private SmokeMain() {}

  public static void main(String[] args) throws Exception {
    KernelSet.explain().forEach(System.out::println);
    float[][] vectors = new float[ROWS][DIMENSION];
    long[] ids = new long[ROWS];
    Random random = new Random(1);
    for (int row = 0; row < ROWS; row++) {
      ids[row] = 1000 + row;
      for (int i = 0; i < DIMENSION; i++) {
        vectors[row][i] = (float) random.nextGaussian();
      }
    }
    Path file = Files.createTempFile("arbalest-smoke", ".arb");
    try {
      try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.COSINE).build()) {
        index.add(ids, vectors);
        check(index.search(vectors[7], 10).ids()[0] == 1007, "a row finds itself");
        check(index.delete(1007, 5) == 1, "one of two ids lived");
        check(index.search(vectors[7], 10).ids()[0] != 1007, "a deleted row is not found");
        check(refuses(index), "a NaN is refused");
        check(keepsToFilter(index, vectors), "a filtered search keeps to its filter");
        index.freeze();
        check(index.validate().isSound(), "the graph is sound");
        index.save(file);
        System.out.println(index.stats());
      }
      try (VectorIndex index = VectorIndex.open(file)) {
        check(index.stats().live() == ROWS - 1, "an opened index has the rows");
        check(index.search(vectors[8], 10).ids()[0] == 1008, "an opened index answers");
      }
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1000));
      check(isCorrupt(file), "a shortened file is corrupt");
    } finally {
      Files.delete(file);
    }
    System.out.println("smoke: ok");
  }

  private static boolean refuses(VectorIndex index) {
    float[] query = new float[DIMENSION];
    query[3] = Float.NaN;
    try {
      index.search(query, 1);
      return false;
    } catch (ArbalestException e) {
      return e.status() == ArbalestException.Status.INVALID_ARGUMENT;
    }
  }

  /** Every third row may be returned; all strategies that need nothing but the filter. */
  private static boolean keepsToFilter(VectorIndex index, float[][] vectors) {
    try (RootAllocator allocator = new RootAllocator();
        FixedSizeListVector queries =
            TestVectors.lists(allocator, TestVectors.FLOAT32, Arrays.copyOf(vectors, 5));
        BitVector filter = TestVectors.bits(allocator, ROWS, row -> row % 3 == 0)) {
      boolean kept = true;
      for (Strategy strategy : EnumSet.complementOf(EnumSet.of(Strategy.SUBSET))) {
        SearchOptions options = SearchOptions.k(10).strategy(strategy);
        try (SearchBatch hits = index.search(queries, filter, options, allocator)) {
          kept &= hits.ids().getValueCount() == 50;
          for (int i = 0; i < hits.ids().getValueCount(); i++) {
            kept &= (hits.ids().get(i) - 1000) % 3 == 0;
          }
        }
      }
      return kept;
    }
  }

  private static boolean isCorrupt(Path file) {
    try (VectorIndex index = VectorIndex.open(file)) {
      return index == null;
    } catch (ArbalestException e) {
      return e.status() == ArbalestException.Status.CORRUPT;
    }
  }

  private static void check(boolean holds, String claim) {
    if (!holds) {
      throw new IllegalStateException("smoke: failed: " + claim);
    }
    System.out.println("smoke: " + claim);
  }
}
