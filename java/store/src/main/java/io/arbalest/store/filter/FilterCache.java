package io.arbalest.store.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.arbalest.engine.VectorIndex;
import java.util.function.IntSupplier;
import java.util.function.LongPredicate;
import org.apache.arrow.memory.AllocationListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.rounding.SegmentRoundingPolicy;

/**
 * What the filters of a store selected, of all its datasets together: bounded by bytes, on the heap
 * and off it, the least useful given up first. Each dataset sees its own through {@link
 * DatasetFilters}. What is used much gets a subset of its rows, built in the background.
 * Thread-safe.
 *
 * <p>What is given up is freed when the last search that uses it is done with it; see {@link
 * SelectedRows}.
 */
public final class FilterCache implements AutoCloseable {
  /** Buffers are a multiple of this, not a power of two, which may be twice what is needed. */
  private static final long BUFFER_STEP_BYTES = 1024L;

  /** A subset takes no more than this part of the memory: it is one filter's of many. */
  private static final int SUBSET_PART = 4;

  private final Cache<Key, SelectedRows> selected; // null: nothing is kept
  private final SubsetBuilder subsets; // null: there are none
  private final long subsetBytesMax;
  private final double subsetPrice;
  private final BufferAllocator allocator =
      new RootAllocator(
          AllocationListener.NOOP, Long.MAX_VALUE, new SegmentRoundingPolicy(BUFFER_STEP_BYTES));

  /** Datasets never share what they select: they are told apart by identity. */
  record Key(DatasetFilters dataset, Filter filter) {}

  /**
   * An empty cache.
   *
   * @param bytesMax memory for it; 0: nothing is kept
   * @param subsetPrice what searches with a filter must have cost, in visits for each row that
   *     matches it, before these get a subset; 0: the first one is enough; infinite: they never do
   */
  public FilterCache(long bytesMax, double subsetPrice) {
    selected = bytesMax == 0 ? null : build(bytesMax);
    subsets = bytesMax == 0 || Double.isInfinite(subsetPrice) ? null : new SubsetBuilder();
    subsetBytesMax = bytesMax / SUBSET_PART;
    this.subsetPrice = subsetPrice;
  }

  private static Cache<Key, SelectedRows> build(long bytesMax) {
    return Caffeine.newBuilder()
        .maximumWeight(bytesMax)
        .weigher((Key key, SelectedRows rows) -> weight(rows))
        // Housekeeping is short, and done by whoever made it necessary: so that nothing is under
        // way any more once the last call has returned.
        .executor(Runnable::run)
        .removalListener(FilterCache::removed)
        .build();
  }

  private static int weight(SelectedRows rows) {
    return (int) Math.min(rows.bytes(), Integer.MAX_VALUE);
  }

  /** Called once for each time that something was put in. */
  private static void removed(Key key, SelectedRows rows, RemovalCause cause) {
    key.dataset().removed(rows, cause.wasEvicted());
    rows.close();
  }

  /**
   * The view of a dataset that is opened now.
   *
   * @param index of its columns
   * @param vectors what searches go by
   * @param end how many of its rows a search that begins now is to see
   * @param holds whether no row was deleted since a stamp was taken; a later stamp is no smaller
   */
  public DatasetFilters open(
      MetadataIndex index, VectorIndex vectors, IntSupplier end, LongPredicate holds) {
    return new DatasetFilters(this, index, vectors, end, holds);
  }

  /** What is kept; null if nothing ever is. */
  Cache<Key, SelectedRows> selected() {
    return selected;
  }

  /** Builds subsets; null if nothing does. */
  SubsetBuilder subsets() {
    return subsets;
  }

  /** Memory of a subset at most. */
  long subsetBytesMax() {
    return subsetBytesMax;
  }

  /** What has to be paid for a subset, in visits a row. */
  double subsetPrice() {
    return subsetPrice;
  }

  /** Accounts for what is off the heap. */
  BufferAllocator allocator() {
    return allocator;
  }

  /** Fails if a dataset is open still, or something selected is. */
  @Override
  public void close() {
    if (subsets != null) {
      subsets.close();
    }
    allocator.close();
  }
}
