package io.arbalest.bench.hybrid;

/**
 * How well a way to search answers.
 *
 * @param system the way
 * @param queries asked
 * @param successAt1 share of queries whose row comes first
 * @param successAt10 share of queries whose row is among the first ten
 * @param reciprocalRank mean of 1 / rank, 0 beyond the tenth
 * @param p50Ms median of a search, in process
 */
record HybridRow(
    String system,
    int queries,
    double successAt1,
    double successAt10,
    double reciprocalRank,
    double p50Ms) {}
