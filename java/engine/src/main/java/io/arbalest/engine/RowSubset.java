package io.arbalest.engine;

import io.arbalest.engine.internal.CallScope;
import io.arbalest.engine.internal.IndexStructs;
import io.arbalest.engine.internal.Native;
import io.arbalest.engine.internal.NativeHandle;
import java.lang.ref.Cleaner;
import java.util.function.LongToIntFunction;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BitVector;

/**
 * The rows of an index that match a filter, laid together by where they lie: an index of their own
 * (IVF, an inverted file of cells) over short codes of them, for a filter that many searches share.
 * {@link VectorIndex#subset} makes it, {@link Strategy#SUBSET} searches by it. Immutable; any
 * thread may use it at any time.
 *
 * <p>It holds good while rows are appended and deleted: a search takes rows behind its end from the
 * filter, and leaves out what was deleted. {@link #close()} waits for the searches that use it and
 * frees its memory; searches that start after it are refused. It may be closed after its index.
 */
public final class RowSubset implements AutoCloseable {
  private final NativeHandle handle;
  private final Cleaner.Cleanable leakNet;
  private final int rows;
  private final long bytes;
  private final int cells;
  private final float scannedShare;

  private RowSubset(NativeHandle handle, ArrowBuf stats) {
    this.rows = Math.toIntExact(IndexStructs.subsetRows(stats));
    this.bytes = IndexStructs.subsetBytes(stats);
    this.cells = IndexStructs.subsetCells(stats);
    this.scannedShare = IndexStructs.subsetScanned(stats);
    this.handle = handle;
    this.leakNet = handle.catchLeaksOf(this);
  }

  /** See {@link VectorIndex#subset}. */
  static RowSubset create(NativeHandle index, BitVector filter) {
    try (CallScope scope = new CallScope()) {
      long bits = scope.borrow("filter", filter);
      long schema = scope.bitsSchema();
      ArrowBuf out = scope.memory(8);
      index.call(rows -> Native.arb_subset_create(rows, schema, bits, out.memoryAddress()));
      return out.getLong(0) == 0 ? null : open(out.getLong(0), scope);
    }
  }

  private static RowSubset open(long address, CallScope scope) {
    NativeHandle handle =
        new NativeHandle(address, Native::arb_subset_destroy, "subset: of an index's rows");
    try {
      ArrowBuf stats = scope.memory(IndexStructs.SUBSET_STATS_BYTES);
      handle.call(subset -> Native.arb_subset_get_stats(subset, stats.memoryAddress()));
      return new RowSubset(handle, stats);
    } catch (RuntimeException e) {
      handle.close();
      throw e;
    }
  }

  /** See {@link VectorIndex#isCurrent}. */
  boolean isCurrentIn(NativeHandle index) {
    return index.within(rows -> handle.within(subset -> Native.arb_subset_is_current(subset, rows)))
        != 0;
  }

  /**
   * A part of a call that may search by a subset.
   *
   * @param subset null for none
   * @param call takes its address, or 0
   */
  static int within(RowSubset subset, LongToIntFunction call) {
    return subset == null ? call.applyAsInt(0) : subset.handle.within(call);
  }

  /** How many rows it has: those that matched and lived when it was made. */
  public int rows() {
    return rows;
  }

  /** Its memory, off the heap. */
  public long bytes() {
    return bytes;
  }

  /** How many cells its rows lie in. */
  public int cells() {
    return cells;
  }

  /**
   * How many rows and centres of cells a search for recall 0.99 looks at, in parts of the number of
   * rows, as was measured.
   */
  public float scannedShare() {
    return scannedShare;
  }

  @Override
  public void close() {
    handle.close();
    leakNet.clean(); // finds the handle closed and only takes itself off the list
  }
}
