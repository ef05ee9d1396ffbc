package io.arbalest.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A scan of a dataset's live rows.
 *
 * @param dataset its name
 * @param columns metadata columns to return; {@code "*"} for all
 * @param vectorsAs {@code sq8}, {@code none}, {@code float16}, {@code float32}
 * @param limit rows to return at most; -1 for all
 * @param filter which rows, such as {@code {"field":"year","op":">=","value":2020}}; null for all
 */
public record ScanQuery(
    String dataset, List<String> columns, String vectorsAs, long limit, String filter) {
  /** Every row with all its columns and no vector. */
  public static ScanQuery of(String dataset) {
    return new ScanQuery(dataset, List.of("*"), "none", -1, null);
  }

  /** The same with vectors in this form. */
  public ScanQuery withVectorsAs(String form) {
    return new ScanQuery(dataset, columns, form, limit, filter);
  }

  /** The same with these columns. */
  public ScanQuery withColumns(List<String> names) {
    return new ScanQuery(dataset, names, vectorsAs, limit, filter);
  }

  /** The same with at most this many rows. */
  public ScanQuery withLimit(long rows) {
    return new ScanQuery(dataset, columns, vectorsAs, rows, filter);
  }

  /** The same with the rows that match alone. */
  public ScanQuery withFilter(String json) {
    return new ScanQuery(dataset, columns, vectorsAs, limit, json);
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("dataset", dataset);
    ArrayNode array = json.putArray("columns");
    columns.forEach(array::add);
    json.put("vectors_as", vectorsAs);
    if (limit >= 0) {
      json.put("limit", limit);
    }
    if (filter != null) {
      json.set("filter", Json.parse("filter", filter));
    }
    return json;
  }
}
