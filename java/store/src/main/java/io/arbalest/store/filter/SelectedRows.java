package io.arbalest.store.filter;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * The rows that a filter selects, for Java and for the engine. Immutable; any thread may read it
 * that holds it. It is shared by those who search with it and the cache that keeps it: each of them
 * closes it once, and the last one frees the memory off the heap.
 */
public final class SelectedRows implements AutoCloseable {
  private static final int OBJECT_BYTES = 400;

  /** Spares the engine to look for nulls in each search. */
  private static final FieldType NOT_NULL = FieldType.notNullable(ArrowType.Bool.INSTANCE);

  private final Matches matches;
  private final RowFilter rows;
  private final BitVector bits;
  private final long stamp;
  private final long filterBytes;
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * Held once, by the caller.
   *
   * @param matches the rows that match
   * @param rows those of them that live
   * @param stamp under which they live; 0 if that is over already
   * @param filterBytes memory of the filter, counted with its rows
   * @param allocator accounts for the bits
   */
  SelectedRows(
      Matches matches, RowFilter rows, long stamp, long filterBytes, BufferAllocator allocator) {
    this.matches = matches;
    this.rows = rows;
    this.stamp = stamp;
    this.filterBytes = filterBytes;
    this.bits = vector(rows.words(), allocator);
  }

  private static BitVector vector(long[] words, BufferAllocator allocator) {
    BitVector vector = new BitVector("filter", NOT_NULL, allocator);
    int count = (int) Math.min((long) Long.SIZE * words.length, Integer.MAX_VALUE);
    vector.allocateNew(Math.max(Long.SIZE, count));
    ArrowBuf validity = vector.getValidityBuffer();
    validity.setOne(0, validity.capacity());
    int bytes = Math.multiplyExact(words.length, Long.BYTES);
    ByteBuffer data = vector.getDataBuffer().nioBuffer(0, bytes);
    data.order(ByteOrder.nativeOrder()).asLongBuffer().put(words);
    vector.setValueCount(count);
    return vector;
  }

  /** The rows. They may be read also when this is closed. */
  public RowFilter rows() {
    return rows;
  }

  /**
   * The rows as the engine takes them, until this is closed: a boolean a row, without nulls. There
   * are whole words of them, of which none is set behind the last row. Only to be read.
   */
  public BitVector bits() {
    return bits;
  }

  Matches matches() {
    return matches;
  }

  long stamp() {
    return stamp;
  }

  long filterBytes() {
    return filterBytes;
  }

  /** Memory on the heap and off it, with the filter's. */
  long bytes() {
    long words = matches.words().length;
    boolean shared = rows.words() == matches.words();
    long heap = Long.BYTES * (shared ? words : 2 * words);
    long offHeap = bits.getDataBuffer().capacity() + bits.getValidityBuffer().capacity();
    return OBJECT_BYTES + filterBytes + heap + offHeap;
  }

  /** Holds it once more, unless nobody does any longer. */
  boolean retain() {
    return holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
  }

  @Override
  public void close() {
    int left = holders.decrementAndGet();
    assert left >= 0 : "closed more often than held";
    if (left == 0) {
      bits.close();
    }
  }
}
