package io.arbalest.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;

/**
 * The {@code knn-join} object of the wire, built field by field: the nearest rows of one dataset to
 * every row of another or of itself. Immutable: each method gives a changed copy.
 *
 * <pre>{@code
 * KnnJoinQuery.of("questions", "answers").k(3).columns("text")
 * }</pre>
 */
public final class KnnJoinQuery {
  private final ObjectNode json;

  private KnnJoinQuery(ObjectNode json) {
    this.json = json;
  }

  /** The rows of {@code left} with their nearest of {@code right}. */
  public static KnnJoinQuery of(String left, String right) {
    return new KnnJoinQuery(
        JsonNodeFactory.instance.objectNode().put("left", left).put("right", right));
  }

  /** Right rows a left row. */
  public KnnJoinQuery k(int k) {
    return new KnnJoinQuery(json.deepCopy().put("k", k));
  }

  /** Whether to compare each row with each; not set: whatever costs less. */
  public KnnJoinQuery exact(boolean exact) {
    return new KnnJoinQuery(json.deepCopy().put("exact", exact));
  }

  /** Breadth of the graph search. */
  public KnnJoinQuery ef(int ef) {
    return new KnnJoinQuery(json.deepCopy().put("ef", ef));
  }

  /** Leaves out pairs farther apart. */
  public KnnJoinQuery maxDistance(double distance) {
    return new KnnJoinQuery(json.deepCopy().put("max_distance", distance));
  }

  /** Metadata columns of the right rows to return; {@code "*"} for all. */
  public KnnJoinQuery columns(String... names) {
    ObjectNode copy = json.deepCopy();
    ArrayNode array = copy.putArray("columns");
    for (String name : names) {
      array.add(name);
    }
    return new KnnJoinQuery(copy);
  }

  /** How long the whole join may take; not set: as long as it takes. */
  public KnnJoinQuery timeout(Duration timeout) {
    return new KnnJoinQuery(json.deepCopy().put("timeout_ms", timeout.toMillis()));
  }

  ObjectNode json() {
    return json;
  }
}
