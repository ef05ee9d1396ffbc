package io.arbalest.engine;

/** The hits of one query, nearest first. Immutable in use: the arrays are the caller's own. */
public final class SearchResult {
  private final long[] ids;
  private final float[] distances;
  private final SearchStats stats;

  SearchResult(long[] ids, float[] distances, SearchStats stats) {
    this.ids = ids;
    this.distances = distances;
    this.stats = stats;
  }

  /** Ids, nearest first; fewer than {@code k} only when fewer rows live. */
  public long[] ids() {
    return ids;
  }

  /** The distance of each of {@link #ids()} in the index's metric; see {@link Metric}. */
  public float[] distances() {
    return distances;
  }

  /** How many hits there are. */
  public int size() {
    return ids.length;
  }

  /** What the call did: for a search of many queries, the sum over all of them. */
  public SearchStats stats() {
    return stats;
  }
}
