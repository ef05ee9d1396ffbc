package io.arbalest.store.filter;

import io.arbalest.engine.RowSubset;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.util.TransferPair;

/**
 * The rows that a filter selects, for Java and for the engine, with a subset of them where the
 * filter has earned one. Immutable; any thread may read it that holds it. It is shared by those who
 * search with it and the cache that keeps it: each of them closes it once, and the last one frees
 * the memory off the heap.
 */
public final class SelectedRows implements AutoCloseable {
  private static final int OBJECT_BYTES = 400;

  /** Rows that came or went, as a part of a subset's, from which another one is worth having. */
  private static final int OUTGROWN_PART = 8;

  /** Spares the engine to look for nulls in each search. */
  private static final Field FIELD =
      new Field("filter", FieldType.notNullable(ArrowType.Bool.INSTANCE), null);

  private final Matches matches;
  private final RowFilter rows;
  private final BitVector bits;
  private final long stamp;
  private final long filterBytes;
  private final SubsetAccount account;
  private final SharedSubset subset; // null: none
  private final int behindSubset;
  private final Holders holders = new Holders();

  /**
   * Held once, by the caller.
   *
   * @param matches the rows that match
   * @param rows those of them that live
   * @param bits the same for the engine, this object's from now on
   * @param stamp under which they live; 0 if that is over already
   * @param filterBytes memory of the filter, counted with its rows
   * @param account of the filter's searches
   * @param subset held on behalf of this object; null for none
   */
  private SelectedRows(
      Matches matches,
      RowFilter rows,
      BitVector bits,
      long stamp,
      long filterBytes,
      SubsetAccount account,
      SharedSubset subset) {
    this.matches = matches;
    this.rows = rows;
    this.bits = bits;
    this.stamp = stamp;
    this.filterBytes = filterBytes;
    this.account = account;
    this.subset = subset;
    this.behindSubset = subset == null ? 0 : rows.cardinalityFrom(subset.end());
  }

  /**
   * What a filter selects that nothing is known of yet. Held once, by the caller.
   *
   * @param matches the rows that match
   * @param rows those of them that live
   * @param stamp under which they live; 0 if that is over already
   * @param filterBytes memory of the filter, counted with its rows
   * @param allocator accounts for the bits
   */
  static SelectedRows first(
      Matches matches, RowFilter rows, long stamp, long filterBytes, BufferAllocator allocator) {
    BitVector bits = vector(rows.words(), allocator);
    return new SelectedRows(matches, rows, bits, stamp, filterBytes, new SubsetAccount(), null);
  }

  /**
   * What the same filter selects after writes. Held once, by the caller.
   *
   * @param keepSubset whether this has a subset that is good for more
   */
  SelectedRows next(Matches nextMatches, RowFilter nextRows, long nextStamp, boolean keepSubset) {
    return new SelectedRows(
        nextMatches,
        nextRows,
        vector(nextRows.words(), bits.getAllocator()),
        nextStamp,
        filterBytes,
        account,
        keepSubset ? subset.retain() : null);
  }

  /** The same with another subset, which the caller holds and goes on holding. Held once. */
  SelectedRows with(SharedSubset other) {
    return new SelectedRows(
        matches,
        rows,
        firstBits(bits.getValueCount()),
        stamp,
        filterBytes,
        account,
        other.retain());
  }

  private static BitVector vector(long[] words, BufferAllocator allocator) {
    BitVector vector = new BitVector(FIELD, allocator);
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

  /**
   * The same without bits behind the last row: what is made of them has its end there. To be closed
   * by the caller; shares the memory.
   */
  BitVector bitsToTheEnd() {
    return firstBits(rows.rows());
  }

  private BitVector firstBits(int count) {
    TransferPair pair = bits.getTransferPair(FIELD, bits.getAllocator());
    pair.splitAndTransfer(0, count);
    return (BitVector) pair.getTo();
  }

  /** An index of their own of the rows that matched a while ago, until this is closed; or null. */
  public RowSubset subset() {
    return subset == null ? null : subset.rows();
  }

  /** How many rows match that came after the subset was made; 0 without one. */
  public int behindSubset() {
    return behindSubset;
  }

  /**
   * Tells what searches with the filter cost that went by the graph.
   *
   * @param cost in visits
   * @param plan what they would have cost by a plan that does not know the filter
   */
  public void walked(int queries, double cost, double plan) {
    account.walked(queries, cost, plan);
  }

  /** How many times what is planned searches with the filter by the graph cost, as was seen. */
  public double walkFactor() {
    return account.walkFactor();
  }

  /** Whether so many rows came or went since the subset was made that another is worth having. */
  boolean hasOutgrownSubset() {
    int gone = subset.rows().rows() - (rows.cardinality() - behindSubset);
    return behindSubset + gone > subset.rows().rows() / OUTGROWN_PART;
  }

  /** Whether a subset is one of these rows, and a later one than what this has. */
  boolean lacks(SharedSubset other) {
    return other != subset
        && other.end() <= rows.rows()
        && (subset == null || other.end() >= subset.end());
  }

  /**
   * Whether this has seen writes that others of the same filter have not: more rows, or as many and
   * deletions since. May be asked also when either is closed.
   */
  boolean isLaterThan(SelectedRows other) {
    int more = Integer.compare(rows.rows(), other.rows.rows());
    return more > 0 || more == 0 && stamp > other.stamp;
  }

  SharedSubset shared() {
    return subset;
  }

  SubsetAccount account() {
    return account;
  }

  Matches matches() {
    return matches;
  }

  long stamp() {
    return stamp;
  }

  /** Memory on the heap and off it, with the filter's and the subset's. */
  long bytes() {
    long words = matches.words().length;
    boolean shared = rows.words() == matches.words();
    long heap = Long.BYTES * (shared ? words : 2 * words);
    long offHeap = bits.getDataBuffer().capacity() + bits.getValidityBuffer().capacity();
    long ofSubset = subset == null ? 0 : subset.rows().bytes();
    return OBJECT_BYTES + filterBytes + heap + offHeap + ofSubset;
  }

  /** Holds it once more, unless nobody does any longer. */
  boolean retain() {
    return holders.retain();
  }

  @Override
  public void close() {
    if (holders.release()) {
      bits.close();
      if (subset != null) {
        subset.close();
      }
    }
  }
}
