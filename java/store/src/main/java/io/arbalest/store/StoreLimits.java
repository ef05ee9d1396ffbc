package io.arbalest.store;

/**
 * The fixed limits of a store, each with its unit. What an operator may tune is in {@link
 * StoreOptions}.
 */
public final class StoreLimits {
  /** Components of a vector. */
  public static final int DIMENSION_MAX = 8192;

  /** Characters of a dataset's name. */
  public static final int NAME_CHARS_MAX = 128;

  /** Metadata columns of a dataset. */
  public static final int COLUMNS_MAX = 256;

  /** Bytes of a column's name in UTF-8. */
  public static final int COLUMN_NAME_BYTES_MAX = 256;

  /** Rows of one put or delete. */
  public static final int BATCH_ROWS_MAX = 65_536;

  /** Bytes of one put as it is written to the log. */
  public static final int BATCH_BYTES_MAX = 256 << 20;

  /** Bytes of a utf8 id. */
  public static final int ID_BYTES_MAX = 1024;

  /** Bytes of one utf8 or list value of a metadata column. */
  public static final int VALUE_BYTES_MAX = 1 << 20;

  /** Results a query. */
  public static final int K_MAX = 10_000;

  /** Breadth of a search. */
  public static final int EF_MAX = 65_536;

  /** Queries of one search call. */
  public static final int QUERIES_MAX = 65_536;

  /** Rows of one search answer: queries times k. */
  public static final int RESULT_ROWS_MAX = 4_000_000;

  /** Bytes of vectors in one search answer. */
  public static final long RESULT_VECTOR_BYTES_MAX = 1L << 30;

  /** Bytes of a search's text in UTF-8. */
  public static final int TEXT_BYTES_MAX = 64 << 10;

  /** Different words of a search's text. */
  public static final int TEXT_WORDS_MAX = 1024;

  /** Candidates that a hybrid search takes from each of its sides at least. */
  public static final int HYBRID_CANDIDATES_MIN = 100;

  /** Bytes of words that a text index gathers in memory before it writes them to a file. */
  public static final int TEXT_BUFFER_BYTES = 32 << 20;

  /** Bytes of text that become visible to searches at once, if one row has not more. */
  public static final int TEXT_BLOCK_BYTES = 8 << 20;

  /** Queries of one search call whose answer is remembered. */
  public static final int CACHED_QUERIES_MAX = 64;

  /** Bytes of a remembered answer and its queries. */
  public static final int CACHED_BYTES_MAX = 1 << 20;

  /** Rows of one scan batch. */
  public static final int SCAN_BATCH_ROWS_MAX = 4096;

  /** Bytes of vectors in one scan batch. */
  public static final int SCAN_BATCH_BYTES_MAX = 2 << 20;

  /** Filters inside filters. */
  public static final int FILTER_DEPTH_MAX = 64;

  /** Comparisons of a filter, each value of an {@code in} counted. */
  public static final int FILTER_TESTS_MAX = 65_536;

  private StoreLimits() {}
}
