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

  /** The bits of the rows from {@code first}, a multiple of 64, to {@code end}, 64 a word. */
  long[] toWords(int first, int end) {
    long[] words = new long[(int) (((long) end - first + 63) >>> 6)];
    int at = first >>> 6;
    for (int i = 0; i < words.length; i++, at++) {
      words[i] = chunks[at / WORDS].getAcquire(at % WORDS);
    }
    return words;
  }
}
