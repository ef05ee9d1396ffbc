package io.arbalest.bench.filter;

/**
 * One line of {@code bench filter}: medians over the rounds.
 *
 * @param system {@code arbalest}, or the peer
 * @param filter the filter in words
 * @param kind how it stands to the vectors, see {@link FilterCell}
 * @param selectivity share of the rows that match
 * @param matching rows that match, the mean over the queries
 * @param localRate share of the rows nearest to a query that match
 * @param strategy what answered; where queries differ, each with its share
 * @param recall recall@k beside brute force over the matching rows
 * @param missing queries with fewer hits than k or than rows match
 * @param meanUs mean latency of a query by itself on one thread whose filter was used before,
 *     microseconds
 * @param p99Us of the same
 * @param firstUs latency of a search whose filter was forgotten before it, the median
 * @param builtMs what building an index of a filter's rows took, the mean of the cell's filters;
 *     null where they got none
 * @param visited rows held against a query, the mean; null where a library does not tell
 * @param ratio mean latency beside the unfiltered search at recall 0.95, in turns
 */
record FilterRow(
    String system,
    String filter,
    String kind,
    double selectivity,
    double matching,
    double localRate,
    String strategy,
    double recall,
    int missing,
    double meanUs,
    double p99Us,
    double firstUs,
    Double builtMs,
    Double visited,
    double ratio) {
  static final double RECALL_TARGET = 0.99;
  static final double RATIO_TARGET = 2;

  /** Whether the line is what the target asks for. */
  boolean isOnTarget() {
    return recall >= RECALL_TARGET && ratio <= RATIO_TARGET && missing == 0;
  }
}
