package io.arbalest.store.text;

/**
 * Rows that a text found, the best first; of equal scores the earlier row first.
 *
 * @param rows their numbers
 * @param scores their BM25 scores, as many
 */
public record TextHits(int[] rows, float[] scores) {
  /** How many there are. */
  public int size() {
    return rows.length;
  }
}
