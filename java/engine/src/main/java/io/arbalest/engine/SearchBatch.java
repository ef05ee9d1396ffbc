package io.arbalest.engine;

import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The hits of many queries as Arrow: {@code query: uint32, id: int64, distance: float32}, ordered
 * by query, then nearest first. The memory is accounted to the caller's allocator and freed by
 * {@link #close()}. Not thread-safe, as Arrow vectors are not.
 */
public final class SearchBatch implements AutoCloseable {
  private final VectorSchemaRoot root;
  private final SearchStats stats;

  SearchBatch(VectorSchemaRoot root, SearchStats stats) {
    this.root = root;
    this.stats = stats;
  }

  /** All hits; owned by this batch. */
  public VectorSchemaRoot root() {
    return root;
  }

  /** For each hit the row of its query, from 0. */
  public UInt4Vector queries() {
    return (UInt4Vector) root.getVector(0);
  }

  /** For each hit its id. */
  public BigIntVector ids() {
    return (BigIntVector) root.getVector(1);
  }

  /** For each hit its distance in the index's metric; see {@link Metric}. */
  public Float4Vector distances() {
    return (Float4Vector) root.getVector(2);
  }

  /** What the call did, summed over its queries. */
  public SearchStats stats() {
    return stats;
  }

  @Override
  public void close() {
    root.close();
  }
}
