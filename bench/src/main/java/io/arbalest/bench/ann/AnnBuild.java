package io.arbalest.bench.ann;

/**
 * One build.
 *
 * @param seconds until the last row is searchable by the graph
 * @param bytes of the index in memory, vectors included, by its own account
 * @param residentBytes by which the memory of its process that is in RAM grew
 */
record AnnBuild(
    String system, String variant, int threads, double seconds, long bytes, long residentBytes) {

  String contender() {
    return system + "/" + variant;
  }
}
