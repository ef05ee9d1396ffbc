package io.arbalest.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * The engine's whole way, without a test framework, for a JVM that runs where Maven does not:
 * another architecture under emulation. Every kernel set that the CPU supports and every metric:
 * add, search, delete, save, open, search again. Prints what it saw; throws, and so exits with 1,
 * on the first thing that is wrong.
 *
 * <p>{@code -Dsmoke.kernelSet=NAME} names the set that must be the best one here.
 */
final class SmokeMain {
  private static final int DIMENSION = 100;
  private static final int ROWS = 1500;
  private static final int QUERIES = 20;
  private static final int K = 10;
  private static final double RECALL_MIN = 0.95;

  private SmokeMain() {}

  public static void main(String[] arguments) throws Exception {
    System.out.println("os.arch:      " + System.getProperty("os.arch"));
    System.out.println("java:         " + Runtime.version());
    KernelSet.explain().forEach(System.out::println);
    String expected = System.getProperty("smoke.kernelSet", KernelSet.best().name());
    check(KernelSet.best().name().equals(expected), "best kernel set, wanted " + expected);

    Path directory = Files.createTempDirectory("arbalest-smoke");
    try {
      for (KernelSet set : KernelSet.all()) {
        if (!set.isSupported()) {
          System.out.println(set + ": SKIPPED, this CPU lacks " + set.required());
          continue;
        }
        for (Metric metric : Metric.values()) {
          runOne(set, metric, directory.resolve(set.name() + "-" + metric.wireName()));
        }
      }
    } finally {
      try (var files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
    System.out.println("smoke test passed");
  }

  private static void runOne(KernelSet set, Metric metric, Path file) {
    Random random = new Random(42);
    float[][] vectors = gaussian(random, ROWS);
    float[][] queries = gaussian(random, QUERIES);
    long[] ids = LongStream.range(1000, 1000 + ROWS).toArray();
    long[][] before;
    try (VectorIndex index =
        VectorIndex.builder(DIMENSION).metric(metric).kernelSet(set).m(16).seed(7).build()) {
      index.add(ids, vectors);
      long self = index.search(vectors[17], 1).ids()[0];
      check(metric == Metric.DOT || self == 1017, "nearest to row 1017 is " + self);

      check(index.delete(1000, 1001, 1002) == 3, "three rows deleted");
      double recall = recall(index, queries);
      check(recall >= RECALL_MIN, "recall " + recall + ", wanted " + RECALL_MIN);
      IndexReport report = index.validate();
      check(report.isSound(), report.toString());

      before = answers(index, queries);
      check(
          Arrays.stream(before).flatMapToLong(Arrays::stream).allMatch(id -> id > 1002), "deleted");
      index.save(file);
      System.out.printf("%-9s %-7s recall@%d %.3f%n", set, metric.wireName(), K, recall);
    }
    try (VectorIndex opened = VectorIndex.open(file, OpenOptions.defaults().kernelSet(set))) {
      check(Arrays.deepEquals(before, answers(opened, queries)), "same ids after save and open");
    }
  }

  private static float[][] gaussian(Random random, int count) {
    float[][] vectors = new float[count][DIMENSION];
    for (float[] vector : vectors) {
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }

  private static long[][] answers(VectorIndex index, float[][] queries) {
    return index.search(queries, SearchOptions.k(K).ef(200)).stream()
        .map(SearchResult::ids)
        .toArray(long[][]::new);
  }

  private static double recall(VectorIndex index, float[][] queries) {
    int found = 0;
    for (float[] query : queries) {
      Set<Long> truth = new HashSet<>();
      for (long id : index.search(query, SearchOptions.k(K).exact(true)).ids()) {
        truth.add(id);
      }
      for (long id : index.search(query, SearchOptions.k(K).ef(200)).ids()) {
        found += truth.contains(id) ? 1 : 0;
      }
    }
    return (double) found / (QUERIES * K);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
