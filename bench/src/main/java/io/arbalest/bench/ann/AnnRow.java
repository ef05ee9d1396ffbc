package io.arbalest.bench.ann;

/**
 * One setting of one contender: medians over the repeats, and the slowest and fastest of them.
 *
 * @param recall recall@k; does not change between repeats but by concurrency of the build
 * @param qps queries per second of the batch on all threads
 * @param p50Us microseconds, of single queries on one thread; null where more threads searched
 * @param p99Us microseconds, of the same
 * @param distances computed a query, by the library's own count; null where it has none
 */
record AnnRow(
    String system,
    String variant,
    int threads,
    int ef,
    double recall,
    double qps,
    Double p50Us,
    Double p99Us,
    double qpsMin,
    double qpsMax,
    Double distances) {

  String contender() {
    return system + "/" + variant;
  }
}
