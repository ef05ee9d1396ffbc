package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RangeBitmap;
import org.roaringbitmap.RoaringBitmap;

/**
 * Bit slices of a column of numbers (O'Neil and Quass, "Improved Query Performance with Variant
 * Indexes", 1997), as RoaringBitmap's {@link RangeBitmap} has them. A value is a bucket of keys:
 * its distance from the segment's least key, without as many low bits as leave {@value
 * #SLICES_MAX}. So a row takes two bytes at most and a range that many bitmap operations; the rows
 * of the two buckets at its ends are held against the column where a bucket has several keys.
 */
final class RangeSegment extends ColumnSegment {
  private static final int SLICES_MAX = 16;

  /** More ranges than this cost more than reading the column. */
  private static final int RANGES_MAX = 64;

  private final RangeBitmap buckets; // null if no row has a value
  private final long min;
  private final long max;
  private final int shift;
  private final RoaringBitmap present;
  private final RoaringBitmap nulls;
  private final long bytes;

  RangeSegment(ColumnReader.Numbers column, int first, int count) {
    super(column, first, count);
    nulls = nulls(column, first, count);
    present = packed(RoaringBitmap.flip(nulls, 0L, count));
    long least = Long.MAX_VALUE;
    long greatest = Long.MIN_VALUE;
    for (int row = 0; row < count; row++) {
      if (column.isPresent(first + row)) {
        long key = column.key(first + row);
        least = Math.min(least, key);
        greatest = Math.max(greatest, key);
      }
    }
    min = least;
    max = greatest;
    shift = Math.max(0, Long.SIZE - SLICES_MAX - Long.numberOfLeadingZeros(max - min));
    long mostBytes = bytes(nulls) + bytes(present);
    if (present.isEmpty()) {
      buckets = null;
      bytes = mostBytes;
      return;
    }
    RangeBitmap.Appender appender = RangeBitmap.appender(bucket(max));
    for (int row = 0; row < count; row++) {
      appender.add(column.isPresent(first + row) ? bucket(column.key(first + row)) : 0);
    }
    bytes = mostBytes + appender.serializedSizeInBytes();
    buckets = appender.build();
  }

  /** The distance may have all 64 bits, and is unsigned. */
  private long bucket(long key) {
    return key - min >>> shift;
  }

  @Override
  RoaringBitmap select(ColumnTest test, RoaringBitmap within) {
    if (test instanceof ColumnTest.IsNull) {
      return nulls;
    }
    NumberRanges ranges = ((ColumnTest.NumberIn) test).ranges();
    if (ranges.size() > RANGES_MAX) {
      return scan(test, within);
    }
    RoaringBitmap found = null;
    for (int i = 0; i < ranges.size(); i++) {
      RoaringBitmap rows = range(ranges.low(i), ranges.high(i));
      found = found == null ? rows : RoaringBitmap.or(found, rows);
    }
    return found == null ? new RoaringBitmap() : found;
  }

  private RoaringBitmap range(long from, long to) {
    if (buckets == null || from > max || to < min) {
      return new RoaringBitmap();
    }
    if (from <= min && to >= max) {
      return present;
    }
    long low = Math.max(from, min);
    long high = Math.min(to, max);
    long lowBucket = bucket(low);
    long highBucket = bucket(high);
    RoaringBitmap found = buckets.between(lowBucket, highBucket, present);
    // Distances from the least key are unsigned, so they may be equal or not, but not less.
    boolean isLowWhole = low - min == lowBucket << shift;
    boolean isHighWhole = high == max || high - min == (highBucket + 1 << shift) - 1;
    if (!isLowWhole || lowBucket == highBucket && !isHighWhole) {
      removeOutside(found, lowBucket, low, high);
    }
    if (lowBucket != highBucket && !isHighWhole) {
      removeOutside(found, highBucket, low, high);
    }
    return found;
  }

  /** Removes what a bucket has of keys that are not in the range. */
  private void removeOutside(RoaringBitmap found, long bucket, long low, long high) {
    ColumnTest range = new ColumnTest.NumberIn(NumberRanges.between(low, high));
    RoaringBitmap rows = buckets.eq(bucket, present);
    for (PeekableIntIterator each = rows.getIntIterator(); each.hasNext(); ) {
      int row = each.next();
      if (!passes(range, row)) {
        found.remove(row);
      }
    }
  }

  @Override
  IndexKind kind() {
    return IndexKind.RANGE;
  }

  @Override
  long bytes() {
    return bytes;
  }
}
