package io.arbalest.bench.ann;

/**
 * Where a contender stands at one recall: medians over the repeats with the least and the most of
 * them, read off its curve. What was not reached is null.
 *
 * @param floor whether its lowest breadth is already above that recall, so that it could be faster
 * @param ratio to the reference, taken within each repeat; null without it
 */
record AnnStanding(
    String system,
    String variant,
    int threads,
    double recall,
    boolean floor,
    Double qps,
    Double qpsMin,
    Double qpsMax,
    Double ratio,
    Double ratioMin,
    Double ratioMax) {}
