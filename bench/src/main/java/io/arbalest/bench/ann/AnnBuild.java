package io.arbalest.bench.ann;

/**
 * One build, of this run or of the earlier one whose index was loaded.
 *
 * @param seconds until the last row is searchable by the graph
 * @param bytes of the index in memory, vectors included, by its own account
 * @param residentBytes by which the memory of its process that is in RAM grew
 * @param kept whether the index was loaded; seconds, bytes and residentBytes are of its build
 * @param keptSince when that build ended, ISO 8601 in UTC; null for a build of this run
 * @param keptLoadAverage of the machine when that build ended; null for a build of this run
 */
record AnnBuild(
    String system,
    String variant,
    int threads,
    double seconds,
    long bytes,
    long residentBytes,
    boolean kept,
    String keptSince,
    Double keptLoadAverage) {

  static AnnBuild of(Contender contender, int threads, Contender.Build built) {
    Contender.Kept kept = built.kept();
    return new AnnBuild(
        contender.system(),
        contender.variant(),
        threads,
        built.seconds(),
        built.bytes(),
        built.residentBytes(),
        kept != null,
        kept == null ? null : kept.ended(),
        kept == null ? null : (Double) kept.loadAverage());
  }

  String contender() {
    return system + "/" + variant;
  }
}
