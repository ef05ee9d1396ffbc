package io.arbalest.store;

import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The hits of a search: {@code query}, {@code id}, {@code distance}, with text {@code score},
 * {@code dense_rank} and {@code text_rank}, the requested columns, then {@code vector}, and {@code
 * error} where the request has it so; ordered by query, then nearest first, with text by score. The
 * memory belongs to the caller's allocator until {@link #close()}. Not thread-safe, as Arrow
 * vectors are not.
 */
public final class SearchAnswer implements AutoCloseable {
  private final VectorSchemaRoot root;
  private final String strategy;
  private final long visited;
  private final boolean exhausted;
  private final boolean cached;

  /** Made by a search. */
  public SearchAnswer(VectorSchemaRoot root, String strategy, long visited, boolean exhausted) {
    this(root, strategy, visited, exhausted, false);
  }

  private SearchAnswer(
      VectorSchemaRoot root, String strategy, long visited, boolean exhausted, boolean cached) {
    this.root = root;
    this.strategy = strategy;
    this.visited = visited;
    this.exhausted = exhausted;
    this.cached = cached;
  }

  /** An answer that was found before: nothing is visited for it. */
  public static SearchAnswer remembered(VectorSchemaRoot root, String strategy, boolean exhausted) {
    return new SearchAnswer(root, strategy, 0, exhausted, true);
  }

  /** All hits; owned by this answer. */
  public VectorSchemaRoot root() {
    return root;
  }

  /**
   * How they were found: {@code graph}, {@code exact}, {@code text} or {@code hybrid}; through a
   * filter also {@code filtered-graph}, {@code scan-filtered} (matching rows by their codes),
   * {@code ivf-filtered} (by an index of their own) or {@code exact-filtered}.
   */
  public String strategy() {
    return strategy;
  }

  /** Distances computed, over all queries; 0 for an answer from the cache. */
  public long visited() {
    return visited;
  }

  /** Whether a query has fewer than {@code k} hits because fewer rows live. */
  public boolean exhausted() {
    return exhausted;
  }

  /** Whether it comes from the cache. */
  public boolean cached() {
    return cached;
  }

  @Override
  public void close() {
    root.close();
  }
}
