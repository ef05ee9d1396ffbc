package io.arbalest.bench.service;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One figure of {@code bench ingest}, {@code bench flight} or {@code bench calls}.
 *
 * @param name what was measured; {@code case} in JSON
 * @param unit of the value
 * @param value the figure
 * @param peer what it is compared with; null for nothing
 * @param ratio value over the peer's value; null without a peer
 * @param recall recall@k of the answers whose speed this is; null where nothing was searched
 */
record ServiceRow(
    @JsonProperty("case") String name,
    String unit,
    double value,
    String peer,
    Double ratio,
    Double recall) {

  static ServiceRow of(String name, String unit, double value) {
    return new ServiceRow(name, unit, value, null, null, null);
  }

  /** The same figure beside another of the same unit. */
  ServiceRow against(String other, double otherValue) {
    return new ServiceRow(name, unit, value, other, value / otherValue, recall);
  }

  /** The same figure with the recall of the answers. */
  ServiceRow withRecall(double recallAtK) {
    return new ServiceRow(name, unit, value, peer, ratio, recallAtK);
  }
}
