package io.arbalest.engine;

/**
 * What a validation of the graph found. Every count but the first two is 0 in a sound graph.
 *
 * @param nodes nodes looked at
 * @param edges links looked at
 * @param outOfBounds links to nodes that do not exist, or not on that level
 * @param selfLinks nodes that link to themselves
 * @param duplicateLinks links that a list has twice
 * @param overfullLists lists longer than their level allows
 * @param countMismatches lists whose stored length disagrees with their contents
 * @param unreachable linked nodes that no path on level 0 reaches from the entry point
 */
public record IndexReport(
    long nodes,
    long edges,
    long outOfBounds,
    long selfLinks,
    long duplicateLinks,
    long overfullLists,
    long countMismatches,
    long unreachable) {
  /** Whether no fault was found. */
  public boolean isSound() {
    return outOfBounds == 0
        && selfLinks == 0
        && duplicateLinks == 0
        && overfullLists == 0
        && countMismatches == 0
        && unreachable == 0;
  }
}
