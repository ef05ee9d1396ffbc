package io.arbalest.store;

import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A scan in progress: {@code while (cursor.next()) use(cursor.root());}. The root is refilled by
 * each {@link #next()}. Not thread-safe; writes to the dataset may go on.
 */
public final class ScanCursor implements AutoCloseable {
  ScanCursor() {}

  /** The columns of {@link #root()}: {@code id}, the requested columns, then {@code vector}. */
  public Schema schema() {
    throw new UnsupportedOperationException();
  }

  /** Fills the root with the next rows; false when there are none left. */
  public boolean next() {
    throw new UnsupportedOperationException();
  }

  /** The current rows; owned by this cursor. */
  public VectorSchemaRoot root() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
