package io.arbalest.store;

import java.time.Duration;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/**
 * A search. Exactly one of {@code queries} and {@code likeId} is given. The vectors stay the
 * caller's and are only read, by one thread at a time.
 *
 * @param queries {@code fixed_size_list<T>[d]}, T = halffloat, float, double, int8, uint8; or null
 * @param queryKeys what the result's {@code query} column shows for each query; null: its number
 * @param likeId a {@code Long} or {@code String}: search with this row's vector; or null
 * @param k results a query, 1..{@value StoreLimits#K_MAX}
 * @param ef breadth; null takes max(128, k)
 * @param exact scan every row instead of the graph
 * @param columns metadata columns to return; {@code ["*"]} for all
 * @param vectorsAs the form of the {@code vector} column
 * @param timeout how long the search may take; null: without limit
 */
public record SearchRequest(
    FieldVector queries,
    FieldVector queryKeys,
    Object likeId,
    int k,
    Integer ef,
    boolean exact,
    List<String> columns,
    VectorsAs vectorsAs,
    Duration timeout) {
  public SearchRequest {
    columns = List.copyOf(columns);
  }

  /** {@code k} results for each query, without metadata or vectors. */
  public static SearchRequest of(FieldVector queries, int k) {
    return new SearchRequest(queries, null, null, k, null, false, List.of(), VectorsAs.NONE, null);
  }

  /** {@code k} results near the row of this id, itself among them. */
  public static SearchRequest like(Object id, int k) {
    return new SearchRequest(null, null, id, k, null, false, List.of(), VectorsAs.NONE, null);
  }

  /** The same with keys for the {@code query} column. */
  public SearchRequest withQueryKeys(FieldVector keys) {
    return new SearchRequest(queries, keys, likeId, k, ef, exact, columns, vectorsAs, timeout);
  }

  /** The same with this breadth. */
  public SearchRequest withEf(Integer breadth) {
    return new SearchRequest(
        queries, queryKeys, likeId, k, breadth, exact, columns, vectorsAs, timeout);
  }

  /** The same with or without the exact scan. */
  public SearchRequest withExact(boolean scan) {
    return new SearchRequest(queries, queryKeys, likeId, k, ef, scan, columns, vectorsAs, timeout);
  }

  /** The same with these metadata columns. */
  public SearchRequest withColumns(List<String> names) {
    return new SearchRequest(queries, queryKeys, likeId, k, ef, exact, names, vectorsAs, timeout);
  }

  /** The same with vectors in this form. */
  public SearchRequest withVectorsAs(VectorsAs form) {
    return new SearchRequest(queries, queryKeys, likeId, k, ef, exact, columns, form, timeout);
  }

  /** The same with this much time. */
  public SearchRequest withTimeout(Duration limit) {
    return new SearchRequest(queries, queryKeys, likeId, k, ef, exact, columns, vectorsAs, limit);
  }
}
