package io.arbalest.client;

import java.io.IOException;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Batches one after the other in one root. Not thread-safe. */
public interface BatchSource extends AutoCloseable {
  /** The root that {@link #next()} fills; its schema is fixed. Belongs to the source. */
  VectorSchemaRoot root();

  /**
   * Fills the root with the next batch.
   *
   * @return false when there is none
   */
  boolean next() throws IOException;

  @Override
  void close() throws IOException;
}
