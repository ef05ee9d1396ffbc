package io.arbalest.engine;

import java.util.Map;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Vectors cast row by row: {@link VectorIndex#castRows}. Its memory belongs to the caller's
 * allocator until {@link #close()}. Not thread-safe, as Arrow vectors are not.
 */
public final class CastBatch implements AutoCloseable {
  private final FixedSizeListVector vectors;
  private final Map<Integer, String> errors;

  /**
   * Made by a cast.
   *
   * @param vectors owned by this
   * @param errors by the number of the row
   */
  public CastBatch(FixedSizeListVector vectors, Map<Integer, String> errors) {
    this.vectors = vectors;
    this.errors = Map.copyOf(errors);
  }

  /** The vectors in the index's element type, null where one is bad; owned by this. */
  public FixedSizeListVector vectors() {
    return vectors;
  }

  /** What is wrong with a row; null where nothing is. */
  public String error(int row) {
    return errors.get(row);
  }

  /** How many rows are bad. */
  public int errorCount() {
    return errors.size();
  }

  @Override
  public void close() {
    vectors.close();
  }
}
