package io.arbalest.store.rows;

import it.unimi.dsi.fastutil.HashCommon;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/**
 * Ids of type utf8. The map holds a 64-bit hash and the row, 12 bytes an id; the id itself is read
 * from the row's column to make sure. Ids whose hash another id took first are kept whole in a
 * second map, which stays empty unless somebody searches for collisions.
 */
final class Utf8IdMap extends IdMap {
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private final Utf8Column ids;
  private final Long2IntOpenHashMap rows = new Long2IntOpenHashMap();
  private final Map<String, Integer> overflow = new HashMap<>();
  private final Hasher hasher;

  /** A hash of some bytes. */
  @FunctionalInterface
  interface Hasher {
    long hash(ArrowBuf bytes, long start, int length);
  }

  Utf8IdMap(Utf8Column ids) {
    this(ids, Utf8IdMap::hash);
  }

  Utf8IdMap(Utf8Column ids, Hasher hasher) {
    this.ids = ids;
    this.hasher = hasher;
    rows.defaultReturnValue(NONE);
  }

  @Override
  public int put(int row) {
    ArrowBuf bytes = ids.buffer(row);
    int start = ids.offset(row);
    int length = ids.length(row);
    long hash = hasher.hash(bytes, start, length);
    int before = rows.get(hash);
    if (before != NONE && !ids.isEqual(before, bytes, start, length)) {
      Integer overflowed = overflow.put(BytesColumn.text(bytes, start, length), row);
      return overflowed == null ? NONE : overflowed;
    }
    rows.put(hash, row);
    if (before == NONE && !overflow.isEmpty()) {
      // The id that had taken the hash is gone; this one may still be in the second map.
      Integer overflowed = overflow.remove(BytesColumn.text(bytes, start, length));
      return overflowed == null ? NONE : overflowed;
    }
    return before;
  }

  @Override
  public int remove(FieldVector vector, int index) {
    VarCharVector texts = (VarCharVector) vector;
    int start = texts.getStartOffset(index);
    int length = texts.getEndOffset(index) - start;
    ArrowBuf bytes = texts.getDataBuffer();
    long hash = hasher.hash(bytes, start, length);
    int row = rows.get(hash);
    if (row != NONE && ids.isEqual(row, bytes, start, length)) {
      rows.remove(hash);
      return row;
    }
    Integer overflowed =
        overflow.isEmpty() ? null : overflow.remove(BytesColumn.text(bytes, start, length));
    return overflowed == null ? NONE : overflowed;
  }

  @Override
  public int find(Object id) {
    byte[] encoded = ((String) id).getBytes(StandardCharsets.UTF_8);
    try (ArrowBuf bytes = ids.temporary(encoded)) {
      int row = rows.get(hasher.hash(bytes, 0, encoded.length));
      if (row != NONE && ids.isEqual(row, bytes, 0, encoded.length)) {
        return row;
      }
      return overflow.isEmpty()
          ? NONE
          : overflow.getOrDefault(BytesColumn.text(bytes, 0, encoded.length), NONE);
    }
  }

  @Override
  public int size() {
    return rows.size() + overflow.size();
  }

  @Override
  public long bytes() {
    return HashMemory.estimate(rows.size());
  }

  /** Eight bytes at a time, each mixed before the next; the length keeps zero tails apart. */
  static long hash(ArrowBuf bytes, long start, int length) {
    long hash = length * MULTIPLIER;
    int at = 0;
    for (; at + Long.BYTES <= length; at += Long.BYTES) {
      hash = HashCommon.murmurHash3(hash ^ bytes.getLong(start + at)) * MULTIPLIER;
    }
    long tail = 0;
    for (; at < length; at++) {
      tail = tail << 8 | bytes.getByte(start + at) & 0xFF;
    }
    return HashCommon.murmurHash3(hash ^ tail);
  }
}
