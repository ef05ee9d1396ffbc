package io.arbalest.store.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. Used by one thread at a time. */
public interface DiskFile extends Closeable {
  /**
   * Writes all bytes of the buffers at the end of the file.
   *
   * @throws DiskFullException if there is no room; any part of the bytes may have been written
   */
  void append(ByteBuffer... buffers) throws IOException;

  /** Fills the buffer from this offset; fails if the file ends before. */
  void read(ByteBuffer buffer, long offset) throws IOException;

  /** Bytes in the file. */
  long size() throws IOException;

  /** Cuts the file to this many bytes. */
  void truncate(long size) throws IOException;

  /** Makes the file's bytes durable. After a failure nothing is known about any of them. */
  void sync() throws IOException;
}
