package io.arbalest.bench.ann;

/**
 * A wanted recall beside the fixed breadth that reaches the same: medians over the repeats, in
 * which the two took turns.
 *
 * @param targetRecall what was asked for
 * @param recall what came
 * @param distances rows held against a query
 * @param fixedEf the breadth whose recall is nearest; 0, with the rest, where no breadth of the run
 *     is on the other side of that recall
 * @param fixedRecall of that breadth
 * @param fixedQps of that breadth
 * @param fixedDistances interpolated between the breadths of the run, at the same recall
 * @param distancesRatio distances over fixedDistances
 * @param qpsRatio of speeds, taken within each repeat
 */
record AnnTarget(
    String system,
    String variant,
    int threads,
    double targetRecall,
    double recall,
    double qps,
    double distances,
    int fixedEf,
    double fixedRecall,
    double fixedQps,
    double fixedDistances,
    double distancesRatio,
    double qpsRatio) {}
