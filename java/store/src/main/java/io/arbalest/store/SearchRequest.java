package io.arbalest.store;

import io.arbalest.store.filter.Filter;
import java.time.Duration;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/**
 * A search: {@code SearchRequest.builder().queries(vectors).k(10).build()}. Exactly one of {@code
 * queries} and {@code likeId} is given, or, where there is {@code text}, at most one. The vectors
 * stay the caller's and are only read, by one thread at a time.
 *
 * @param queries {@code fixed_size_list<T>[d]}, T = halffloat, float, double, int8, uint8; or null
 * @param queryKeys what the result's {@code query} column shows for each query; null: its number
 * @param likeId a {@code Long} or {@code String}: search with this row's vector; or null
 * @param k results a query, 1..{@value StoreLimits#K_MAX}
 * @param ef breadth; null leaves it to {@code targetRecall}
 * @param targetRecall the recall wanted, above 0 and below 1; null takes the default. At most one
 *     of it and {@code ef} is given
 * @param exact scan every row instead of the graph
 * @param filter which rows may be found; null: all
 * @param text words to search the dataset's text columns for; null: none
 * @param alpha how much the vector counts beside the text, 0 (text alone) to 1 (vector alone); null
 *     fuses by rank. Only with {@code text}
 * @param columns metadata columns to return; {@code ["*"]} for all
 * @param vectorsAs the form of the {@code vector} column
 * @param minSequence wait until this write is found, for at most {@code timeout}, even if it was
 *     never given out; null: what is there now
 * @param cache whether the answer may come from the cache and go there
 * @param timeout how long the search may take; null: without limit
 * @param rowErrors whether a bad query (NaN, infinite, null, zero under cosine, beyond the
 *     element's range) gets a row that says why, in a last column {@code error}, instead of failing
 *     the call
 */
public record SearchRequest(
    FieldVector queries,
    FieldVector queryKeys,
    Object likeId,
    int k,
    Integer ef,
    Double targetRecall,
    boolean exact,
    Filter filter,
    String text,
    Double alpha,
    List<String> columns,
    VectorsAs vectorsAs,
    Long minSequence,
    boolean cache,
    Duration timeout,
    boolean rowErrors) {
  public SearchRequest {
    columns = List.copyOf(columns);
  }

  /** {@code k} results for each query, without metadata or vectors. */
  public static SearchRequest of(FieldVector queries, int k) {
    return builder().queries(queries).k(k).build();
  }

  /** {@code k} results near the row of this id, itself among them. */
  public static SearchRequest like(Object id, int k) {
    return builder().likeId(id).k(k).build();
  }

  /** A request for 10 results without metadata or vectors, whose queries are still to be set. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts from this request. */
  public Builder with() {
    Builder builder = new Builder();
    builder.queries = queries;
    builder.queryKeys = queryKeys;
    builder.likeId = likeId;
    builder.k = k;
    builder.ef = ef;
    builder.targetRecall = targetRecall;
    builder.exact = exact;
    builder.filter = filter;
    builder.text = text;
    builder.alpha = alpha;
    builder.columns = columns;
    builder.vectorsAs = vectorsAs;
    builder.minSequence = minSequence;
    builder.cache = cache;
    builder.timeout = timeout;
    builder.rowErrors = rowErrors;
    return builder;
  }

  /** Sets the fields one by one; see {@link SearchRequest} for what each means. */
  public static final class Builder {
    private FieldVector queries;
    private FieldVector queryKeys;
    private Object likeId;
    private int k = 10;
    private Integer ef;
    private Double targetRecall;
    private boolean exact;
    private Filter filter;
    private String text;
    private Double alpha;
    private List<String> columns = List.of();
    private VectorsAs vectorsAs = VectorsAs.NONE;
    private Long minSequence;
    private boolean cache = true;
    private Duration timeout;
    private boolean rowErrors;

    private Builder() {}

    public Builder queries(FieldVector vectors) {
      queries = vectors;
      return this;
    }

    public Builder queryKeys(FieldVector keys) {
      queryKeys = keys;
      return this;
    }

    public Builder likeId(Object id) {
      likeId = id;
      return this;
    }

    public Builder k(int results) {
      k = results;
      return this;
    }

    public Builder ef(Integer breadth) {
      ef = breadth;
      return this;
    }

    public Builder targetRecall(Double recall) {
      targetRecall = recall;
      return this;
    }

    public Builder exact(boolean scan) {
      exact = scan;
      return this;
    }

    public Builder filter(Filter tree) {
      filter = tree;
      return this;
    }

    public Builder text(String words) {
      text = words;
      return this;
    }

    public Builder alpha(Double weight) {
      alpha = weight;
      return this;
    }

    public Builder columns(List<String> names) {
      columns = names;
      return this;
    }

    public Builder vectorsAs(VectorsAs form) {
      vectorsAs = form;
      return this;
    }

    public Builder minSequence(Long sequence) {
      minSequence = sequence;
      return this;
    }

    public Builder cache(boolean use) {
      cache = use;
      return this;
    }

    public Builder timeout(Duration limit) {
      timeout = limit;
      return this;
    }

    public Builder rowErrors(boolean byRow) {
      rowErrors = byRow;
      return this;
    }

    public SearchRequest build() {
      return new SearchRequest(
          queries,
          queryKeys,
          likeId,
          k,
          ef,
          targetRecall,
          exact,
          filter,
          text,
          alpha,
          columns,
          vectorsAs,
          minSequence,
          cache,
          timeout,
          rowErrors);
    }
  }
}
