package io.arbalest.store.rows;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** Which rows of a column have a value: one bit a row, none at all for a column without nulls. */
final class Validity implements AutoCloseable {
  private final ChunkList bits;

  Validity(boolean nullable, BufferAllocator allocator) {
    bits = nullable ? new ChunkList(allocator, 0) : null;
  }

  void reserve(int rows) {
    if (bits != null) {
      bits.reserve(rows);
    }
  }

  /** Rows without a value need no call. */
  void setPresent(int row) {
    if (bits != null) {
      ArrowBuf chunk = bits.of(row);
      int at = (row & ChunkList.MASK) >>> 3;
      chunk.setByte(at, chunk.getByte(at) | 1 << (row & 7));
    }
  }

  boolean isPresent(int row) {
    return bits == null
        || (bits.of(row).getByte((row & ChunkList.MASK) >>> 3) >>> (row & 7) & 1) != 0;
  }

  long bytes() {
    return bits == null ? 0 : bits.bytes();
  }

  @Override
  public void close() {
    if (bits != null) {
      bits.close();
    }
  }
}
