package io.arbalest.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;

/**
 * The search object of the wire, built field by field; what is not set is left to the server's
 * defaults. Immutable: each method gives a changed copy.
 *
 * <pre>{@code
 * SearchQuery.of("glosses").vector(embedding).k(10).columns("word", "text")
 * }</pre>
 */
public final class SearchQuery {
  private final ObjectNode json;

  private SearchQuery(ObjectNode json) {
    this.json = json;
  }

  /** A search in this dataset. */
  public static SearchQuery of(String dataset) {
    return new SearchQuery(JsonNodeFactory.instance.objectNode().put("dataset", dataset));
  }

  /** One query. */
  public SearchQuery vector(float... vector) {
    SearchQuery copy = copy();
    copy.json.set("vector", array(vector));
    return copy;
  }

  /** Many queries, answered in one stream. */
  public SearchQuery vectors(float[]... vectors) {
    SearchQuery copy = copy();
    ArrayNode rows = copy.json.putArray("vectors");
    for (float[] vector : vectors) {
      rows.add(array(vector));
    }
    return copy;
  }

  /** Rows like the row of this id. */
  public SearchQuery like(long id) {
    SearchQuery copy = copy();
    copy.json.put("id", id);
    return copy;
  }

  /** Rows like the row of this id. */
  public SearchQuery like(String id) {
    SearchQuery copy = copy();
    copy.json.put("id", id);
    return copy;
  }

  /**
   * Words to search the dataset's text columns for: alone, or beside a vector, vectors or a row,
   * and then the same for each query.
   */
  public SearchQuery text(String words) {
    SearchQuery copy = copy();
    copy.json.put("text", words);
    return copy;
  }

  /**
   * How much the vector counts beside the text, 0 (text alone) to 1 (vector alone); without it the
   * ranks of both count alike.
   */
  public SearchQuery alpha(double weight) {
    SearchQuery copy = copy();
    copy.json.put("alpha", weight);
    return copy;
  }

  /** Results a query, 1..10,000. */
  public SearchQuery k(int k) {
    SearchQuery copy = copy();
    copy.json.put("k", k);
    return copy;
  }

  /** Breadth of the search. */
  public SearchQuery ef(int ef) {
    SearchQuery copy = copy();
    copy.json.put("ef", ef);
    return copy;
  }

  /** The recall wanted, above 0 and below 1, instead of a breadth. */
  public SearchQuery targetRecall(double recall) {
    SearchQuery copy = copy();
    copy.json.put("target_recall", recall);
    return copy;
  }

  /** Whether to compare with every row instead of walking the graph. */
  public SearchQuery exact(boolean exact) {
    SearchQuery copy = copy();
    copy.json.put("exact", exact);
    return copy;
  }

  /**
   * Only rows that match, such as {@code {"field":"year","op":">=","value":2020}}.
   *
   * @throws IllegalArgumentException if it is not JSON
   */
  public SearchQuery filter(String filter) {
    SearchQuery copy = copy();
    copy.json.set("filter", Json.parse("filter", filter));
    return copy;
  }

  /** Metadata columns to return; {@code "*"} for all. */
  public SearchQuery columns(String... names) {
    return columns(List.of(names));
  }

  /** Metadata columns to return; {@code "*"} for all. */
  public SearchQuery columns(List<String> names) {
    SearchQuery copy = copy();
    ArrayNode array = copy.json.putArray("columns");
    names.forEach(array::add);
    return copy;
  }

  /** Form of the returned vectors: {@code sq8}, {@code none}, {@code float16}, {@code float32}. */
  public SearchQuery vectorsAs(String form) {
    SearchQuery copy = copy();
    copy.json.put("vectors_as", form);
    return copy;
  }

  /** Waits until the write of this sequence is found, for as long as the search may take. */
  public SearchQuery minSequence(long sequence) {
    SearchQuery copy = copy();
    copy.json.put("min_sequence", sequence);
    return copy;
  }

  /** Whether the answer may come from the server's cache and go there. */
  public SearchQuery cache(boolean use) {
    SearchQuery copy = copy();
    copy.json.put("cache", use);
    return copy;
  }

  /** How long the server may take. */
  public SearchQuery timeout(Duration timeout) {
    SearchQuery copy = copy();
    copy.json.put("timeout_ms", timeout.toMillis());
    return copy;
  }

  ObjectNode json() {
    return json;
  }

  private SearchQuery copy() {
    return new SearchQuery(json.deepCopy());
  }

  private static ArrayNode array(float[] vector) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(vector.length);
    for (float component : vector) {
      array.add(component);
    }
    return array;
  }
}
