package io.arbalest.store.rows;

import it.unimi.dsi.fastutil.Hash;
import it.unimi.dsi.fastutil.HashCommon;

/** What a fastutil map of long to int takes. */
final class HashMemory {
  private static final int BYTES_A_SLOT = Long.BYTES + Integer.BYTES;

  private HashMemory() {}

  static long estimate(int entries) {
    return (long) HashCommon.arraySize(Math.max(entries, 16), Hash.DEFAULT_LOAD_FACTOR)
        * BYTES_A_SLOT;
  }
}
