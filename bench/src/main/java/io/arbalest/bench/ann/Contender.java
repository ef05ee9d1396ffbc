package io.arbalest.bench.ann;

import java.io.IOException;

/**
 * An index in the arena: Arbalest itself or a peer. One thread drives it; the threads it is told to
 * use are its own.
 */
public interface Contender extends AutoCloseable {

  /** Name of the library, such as {@code hnswlib}. */
  String system();

  /** What sets two entries of one library apart, such as {@code float16}. */
  String variant();

  /** Version and settings worth a line in the report. */
  String about();

  /**
   * Builds a new index over the whole base and drops the last one; one that was kept from an
   * earlier build with as many threads may take its place.
   */
  Build build(int threads) throws IOException, InterruptedException;

  /** Answers all queries, as often as it takes to fill the time asked for. */
  Run search(int ef, int k, int threads, double secondsMin)
      throws IOException, InterruptedException;

  @Override
  void close() throws IOException;

  /** {@code system/variant}. */
  default String name() {
    return system() + "/" + variant();
  }

  /**
   * @param seconds until the last row is searchable by the graph
   * @param bytes of the index in memory, vectors included, by its own account
   * @param residentBytes by which the memory of its process that is in RAM grew
   * @param kept null for a build of this run
   */
  record Build(double seconds, long bytes, long residentBytes, Kept kept) {

    /** A build of this run. */
    Build(double seconds, long bytes, long residentBytes) {
      this(seconds, bytes, residentBytes, null);
    }
  }

  /**
   * What tells the build of an index that was loaded from one of this run.
   *
   * @param ended when that build ended, ISO 8601 in UTC
   * @param loadAverage of the machine at that time: a build beside other work says little of speed
   */
  record Kept(String ended, double loadAverage) {}

  /**
   * @param answers [queries][k] row numbers
   * @param qps queries per second of the whole batch on all threads
   * @param p50Us median latency of single queries, in microseconds; null where more than one thread
   *     searched, for which it is that of one
   * @param p99Us 99th percentile of the same
   * @param distances computed a query, by the library's own count; null where it has none
   */
  record Run(int[][] answers, double qps, Double p50Us, Double p99Us, Double distances) {}
}
