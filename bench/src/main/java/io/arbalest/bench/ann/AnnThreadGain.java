package io.arbalest.bench.ann;

/**
 * What more threads gain a contender at one recall: the ratio of its speeds, taken within each
 * repeat, where both are turns that followed each other. What was not reached is null.
 *
 * @param threads more than {@code fewerThreads}
 * @param floor whether its lowest breadth is already above that recall: the ratio is at that one
 * @param ratio median of the repeats
 */
record AnnThreadGain(
    String system,
    String variant,
    int threads,
    int fewerThreads,
    double recall,
    boolean floor,
    Double ratio,
    Double ratioMin,
    Double ratioMax) {}
