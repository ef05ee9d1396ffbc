package io.arbalest.bench.filter;

import it.unimi.dsi.fastutil.ints.IntHeapPriorityQueue;
import java.util.BitSet;

/** The k nearest of some rows by distances that are known. */
final class NearestRows {
  private final int k;

  NearestRows(int k) {
    this.k = k;
  }

  /** The k nearest of the rows in {@code matches}, nearest first; fewer where fewer are there. */
  int[] of(float[] distances, BitSet matches) {
    // The farthest of those kept is on top.
    IntHeapPriorityQueue kept =
        new IntHeapPriorityQueue((x, y) -> Float.compare(distances[y], distances[x]));
    float limit = Float.POSITIVE_INFINITY;
    for (int row = matches.nextSetBit(0); row >= 0; row = matches.nextSetBit(row + 1)) {
      if (distances[row] < limit) {
        kept.enqueue(row);
        if (kept.size() > k) {
          kept.dequeueInt();
        }
        limit = kept.size() < k ? limit : distances[kept.firstInt()];
      }
    }
    int[] rows = new int[kept.size()];
    for (int i = rows.length - 1; i >= 0; i--) {
      rows[i] = kept.dequeueInt();
    }
    return rows;
  }
}
