package io.arbalest.store.rows;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/** One bit a row, 1 = deleted. One thread sets; any thread reads rows that are published. */
final class RowBits {
  private static final int WORDS = ChunkList.ROWS / Long.SIZE;

  private AtomicLongArray[] chunks = new AtomicLongArray[8];
  private int count;

  void reserve(int rows) {
    while ((long) count * ChunkList.ROWS < rows) {
      if (count == chunks.length) {
        chunks = Arrays.copyOf(chunks, count * 2);
      }
      chunks[count++] = new AtomicLongArray(WORDS);
    }
  }

  void set(int row) {
    AtomicLongArray words = chunks[row >>> ChunkList.SHIFT];
    int word = (row & ChunkList.MASK) >>> 6;
    words.setRelease(word, words.getPlain(word) | 1L << row);
  }

  boolean get(int row) {
    AtomicLongArray words = chunks[row >>> ChunkList.SHIFT];
    return (words.getAcquire((row & ChunkList.MASK) >>> 6) >>> row & 1) != 0;
  }

  /** The bits of the rows below {@code end}, 64 a word. */
  long[] toWords(int end) {
    long[] words = new long[(int) ((end + 63L) >>> 6)];
    for (int i = 0; i < words.length; i++) {
      words[i] = chunks[i / WORDS].getAcquire(i % WORDS);
    }
    return words;
  }

  /** Clears in words of as many rows, or fewer, the bits that are set here. */
  void takeOut(long[] words) {
    for (int first = 0; first < words.length; first += WORDS) {
      AtomicLongArray chunk = chunks[first / WORDS];
      int count = Math.min(WORDS, words.length - first);
      for (int i = 0; i < count; i++) {
        words[first + i] &= ~chunk.getAcquire(i);
      }
    }
  }
}
