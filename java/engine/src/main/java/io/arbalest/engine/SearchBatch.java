package io.arbalest.engine;

import io.arbalest.engine.internal.ArrowOutput;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The hits of many queries as Arrow: {@code query: uint32, id: int64, distance: float32}, ordered
 * by query, then nearest first. The memory is accounted to the caller's allocator and freed by
 * {@link #close()}. Not thread-safe, as Arrow vectors are not.
 */
public final class SearchBatch implements AutoCloseable {
  private final UInt4Vector queries;
  private final BigIntVector ids;
  private final Float4Vector distances;
  private final SearchStats stats;
  private VectorSchemaRoot root;

  /** Takes over a hit's query, id and distance, in this order. */
  SearchBatch(List<FieldVector> columns, SearchStats stats) {
    this.queries = (UInt4Vector) columns.get(0);
    this.ids = (BigIntVector) columns.get(1);
    this.distances = (Float4Vector) columns.get(2);
    this.stats = stats;
  }

  /** All hits; owned by this batch. */
  public VectorSchemaRoot root() {
    if (root == null) { // made on demand: who reads the columns does not pay for its maps
      root = ArrowOutput.root(List.of(queries, ids, distances));
    }
    return root;
  }

  /** For each hit the row of its query, from 0. */
  public UInt4Vector queries() {
    return queries;
  }

  /** For each hit its id. */
  public BigIntVector ids() {
    return ids;
  }

  /** For each hit its distance in the index's metric; see {@link Metric}. */
  public Float4Vector distances() {
    return distances;
  }

  /** What the call did, summed over its queries. */
  public SearchStats stats() {
    return stats;
  }

  @Override
  public void close() {
    queries.close();
    ids.close();
    distances.close();
  }
}
