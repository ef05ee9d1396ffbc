package io.arbalest.store.rows;

import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Bytes of varying length that never move, in slabs. A place is the slab's number in its upper and
 * the offset in its lower 32 bits. The same rules for threads as {@link ChunkList}.
 */
final class ByteHeap implements AutoCloseable {
  private static final int SLAB_BYTES_MIN = 1 << 14;
  private static final int SLAB_BYTES_MAX = 1 << 20;

  private final BufferAllocator allocator;
  private ArrowBuf[] slabs = new ArrowBuf[8];
  private int count;
  private long used;
  private long bytes;

  ByteHeap(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /** The place of {@code length} new bytes. */
  long allocate(int length) {
    if (count == 0 || slabs[count - 1].capacity() - used < length) {
      grow(length);
    }
    long place = (long) (count - 1) << 32 | used;
    used += length;
    return place;
  }

  /** Slabs double up to a megabyte, so that a small dataset is small. */
  private void grow(int length) {
    if (count == slabs.length) {
      slabs = Arrays.copyOf(slabs, count * 2);
    }
    long doubled = count == 0 ? SLAB_BYTES_MIN : slabs[count - 1].capacity() * 2;
    ArrowBuf slab = allocator.buffer(Math.max(length, Math.min(SLAB_BYTES_MAX, doubled)));
    slabs[count++] = slab;
    bytes += slab.capacity();
    used = 0;
  }

  ArrowBuf slab(long place) {
    return slabs[(int) (place >>> 32)];
  }

  static int offset(long place) {
    return (int) place;
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    while (count > 0) {
      slabs[--count].close();
    }
  }
}
