package io.arbalest.store;

import java.util.List;

/**
 * What checks of live answers have shown since the dataset was opened; see {@link ShadowOptions}.
 *
 * @param strategies the recall seen, by how the answers were found
 * @param dropped samples left out because the checks may take no more time
 * @param changed samples left out because the dataset was written before they were checked
 */
public record ShadowStatus(List<StrategyRecall> strategies, long dropped, long changed) {
  /**
   * The recall of one way to search.
   *
   * @param strategy as answers name it
   * @param samples queries checked
   * @param recallSum sum of their recalls
   * @param recall the mean of them: the share of the truly nearest rows that users got
   */
  public record StrategyRecall(String strategy, long samples, double recallSum, double recall) {}
}
