package io.arbalest.client;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A search for all pairs of rows that are near each other.
 *
 * @param dataset its name
 * @param maxDistance how far apart the rows of a pair may be, in the dataset's metric
 * @param exact whether to compare each row with each; null: whatever costs less
 * @param limit pairs to return at most; -1 for all
 */
public record DedupQuery(String dataset, double maxDistance, Boolean exact, long limit) {
  /** All pairs within this distance. */
  public static DedupQuery of(String dataset, double maxDistance) {
    return new DedupQuery(dataset, maxDistance, null, -1);
  }

  ObjectNode json() {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("dataset", dataset)
            .put("max_distance", maxDistance);
    if (exact != null) {
      json.put("exact", exact);
    }
    if (limit >= 0) {
      json.put("limit", limit);
    }
    return json;
  }
}
