package io.arbalest.store.rows;

import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Memory that grows at its end and never moves:
 *
 * <pre>
 *   chunks[0]            chunks[1]            ...
 *   | {@value #ROWS} values | {@value #ROWS} values |
 * </pre>
 *
 * One thread grows it. A reader must have learnt of a row by a volatile read that followed its
 * writing, which makes the array it sees at least that long.
 */
final class ChunkList implements AutoCloseable {
  static final int SHIFT = 12;

  /** Values a chunk. */
  static final int ROWS = 1 << SHIFT;

  static final int MASK = ROWS - 1;

  private final BufferAllocator allocator;
  private final int chunkBytes;
  private ArrowBuf[] chunks = new ArrowBuf[8];
  private int count;

  /** Values of this many bytes; 0: one bit. */
  ChunkList(BufferAllocator allocator, int width) {
    this.allocator = allocator;
    this.chunkBytes = width == 0 ? ROWS / 8 : ROWS * width;
  }

  /** Makes room for rows below {@code rows}; new chunks are zero. */
  void reserve(int rows) {
    int wanted = (int) (((long) rows + ROWS - 1) >>> SHIFT);
    while (count < wanted) {
      if (count == chunks.length) {
        chunks = Arrays.copyOf(chunks, count * 2);
      }
      ArrowBuf chunk = allocator.buffer(chunkBytes);
      chunk.setZero(0, chunk.capacity());
      chunks[count++] = chunk;
    }
  }

  /** The chunk that holds a row. */
  ArrowBuf of(int row) {
    return chunks[row >>> SHIFT];
  }

  long bytes() {
    return (long) count * chunkBytes;
  }

  @Override
  public void close() {
    while (count > 0) {
      chunks[--count].close();
    }
  }
}
