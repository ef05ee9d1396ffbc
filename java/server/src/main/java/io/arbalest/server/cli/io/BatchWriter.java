package io.arbalest.server.cli.io;

import java.io.IOException;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Writes batches to a file or a stream. */
public interface BatchWriter extends AutoCloseable {
  /** Writes the rows that the root holds now; the root is the same object for every call. */
  void write(VectorSchemaRoot root) throws IOException;

  /** Ends the file. A file without batches is valid where the format can say so. */
  @Override
  void close() throws IOException;
}
