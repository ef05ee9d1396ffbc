package io.arbalest.bench.filter;

/**
 * A peer under one filter: medians over the rounds.
 *
 * @param system library and variant
 * @param filter the filter in words
 * @param kind how it stands to the vectors, see {@link FilterCell}
 * @param ef the least breadth with the recall asked for, or the one with the best
 * @param recall recall@k at that breadth
 * @param reached whether that is the recall asked for
 * @param complete false where time was up before the least breadth was found, or none
 * @param meanUs mean processor time of a query on one thread, microseconds
 * @param ratio the same beside Arbalest's, within a round
 * @param distances computed a query, by the library's own count; null where it has none
 * @param failure why there is none of this; null where there is
 */
record FilterPeerRow(
    String system,
    String filter,
    String kind,
    int ef,
    double recall,
    boolean reached,
    boolean complete,
    double meanUs,
    double ratio,
    Double distances,
    String failure) {

  static FilterPeerRow failed(String system, FilterCell cell, String failure) {
    return new FilterPeerRow(
        system, cell.name(), cell.kind(), 0, 0, false, false, 0, 0, null, failure);
  }
}
