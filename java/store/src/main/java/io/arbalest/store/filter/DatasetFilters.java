package io.arbalest.store.filter;

import io.arbalest.engine.RowSubset;
import io.arbalest.engine.VectorIndex;
import io.arbalest.store.FilterCacheStatus;
import io.arbalest.store.filter.FilterCache.Key;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.LongPredicate;
import org.apache.arrow.vector.BitVector;

/**
 * The rows that filters select of one dataset, kept from search to search. Thread-safe.
 *
 * <pre>
 *   nothing written since       the rows as they are: no work
 *   rows added                  only the new ones are asked
 *   rows deleted or replaced    the deleted ones are taken out of all that match, by words
 * </pre>
 *
 * <p>What is kept holds while there are as many rows as it was made for, and its stamp is valid: no
 * row was deleted. Both change before a write is acknowledged, so that whoever asks afterwards is
 * given rows that have seen that write.
 *
 * <p>A filter whose searches have cost what a subset of its rows does gets one, unless it is too
 * large or too small. What the filter selects next shares it. Another one is built, once that is
 * paid for anew, where the index has other codes since or too many rows came or went.
 */
public final class DatasetFilters {
  /** Fewer rows are scanned as fast as they are found in cells. */
  private static final int SUBSET_ROWS_MIN = 1000;

  /** Memory of a subset's row beside its bits, at least. */
  private static final int SUBSET_ROW_BYTES = 10;

  private final FilterCache cache;
  private final MetadataIndex index;
  private final VectorIndex vectors;
  private final IntSupplier end;
  private final LongPredicate holds;
  private final LongAdder hits = new LongAdder();
  private final LongAdder refreshes = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder entries = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder subsets = new LongAdder();
  private final LongAdder subsetsDue = new LongAdder();
  private final LongAdder subsetBuilds = new LongAdder();
  private final LongAdder subsetNanos = new LongAdder();

  DatasetFilters(
      FilterCache cache,
      MetadataIndex index,
      VectorIndex vectors,
      IntSupplier end,
      LongPredicate holds) {
    this.cache = cache;
    this.index = index;
    this.vectors = vectors;
    this.end = end;
    this.holds = holds;
  }

  /**
   * The rows that match a filter and live, as a search sees them that begins now.
   *
   * @param stamp valid now; the rows are exact if it is so afterwards
   * @return to be closed by the caller
   */
  public SelectedRows select(BoundFilter filter, long stamp) {
    if (cache.selected() == null) {
      return first(filter, end.getAsInt(), stamp);
    }
    Key key = new Key(this, filter.tree());
    SelectedRows known = find(key);
    int rows = end.getAsInt(); // no fewer than are known, since it is asked later
    if (known == null) {
      misses.increment();
      return kept(key, first(filter, rows, stamp));
    }
    if (known.rows().rows() == rows && holds.test(known.stamp())) {
      hits.increment();
      return known;
    }
    try (known) {
      refreshes.increment();
      return kept(key, next(filter, known, rows, stamp));
    }
  }

  /** What is kept, held for the caller; null if there is nothing. */
  private SelectedRows find(Key key) {
    SelectedRows found = cache.selected().getIfPresent(key);
    return found != null && found.retain() ? found : null;
  }

  private SelectedRows first(BoundFilter filter, int rows, long stamp) {
    Matches matches = index.match(filter, Matches.NONE, rows);
    RowFilter living = index.living(matches);
    long filterBytes = filter.tree().bytes();
    return SelectedRows.first(matches, living, valid(stamp), filterBytes, cache.allocator());
  }

  private SelectedRows next(BoundFilter filter, SelectedRows known, int rows, long stamp) {
    Matches matches = index.match(filter, known.matches(), rows);
    RowFilter living = index.living(matches);
    return known.next(matches, living, valid(stamp), isCurrent(known));
  }

  /** What matches is worth keeping also where rows were deleted while the living were counted. */
  private long valid(long stamp) {
    return holds.test(stamp) ? stamp : 0;
  }

  /**
   * Gives the cache what was selected, with a subset that came meanwhile. A search that began
   * earlier may be done later than another one: then the cache keeps what it has, which may have a
   * subset of rows that the search does not know.
   *
   * @param rows held by the caller, for whom the result is instead
   * @return the same rows, held for the caller, with the subset that they are kept with
   */
  private SelectedRows kept(Key key, SelectedRows rows) {
    SelectedRows now =
        cache
            .selected()
            .asMap()
            .compute(
                key,
                (same, current) -> {
                  if (current != null && current.isLaterThan(rows)) {
                    return current;
                  }
                  SelectedRows best =
                      isCurrent(current) ? withSubset(rows, current.shared()) : rows;
                  if (best != rows) {
                    rows.close();
                  }
                  best.retain();
                  return counted(best);
                });
    return now.isLaterThan(rows) ? rows : now;
  }

  /** Whether something selected has a subset that searches go by. */
  private boolean isCurrent(SelectedRows rows) {
    return rows != null && rows.subset() != null && vectors.isCurrent(rows.subset());
  }

  /** The rows with a subset; themselves where it is none of theirs. */
  private static SelectedRows withSubset(SelectedRows rows, SharedSubset subset) {
    return rows.lacks(subset) ? rows.with(subset) : rows;
  }

  /** Counts what the cache is about to hold. */
  private SelectedRows counted(SelectedRows rows) {
    entries.increment();
    bytes.add(rows.bytes());
    subsets.add(rows.subset() == null ? 0 : 1);
    return rows;
  }

  /**
   * A search by what was selected is over.
   *
   * @param rows what {@link #select} gave for the filter, held by the caller
   * @param visits what the search cost that a subset might save; 0: nothing
   */
  public void searched(BoundFilter filter, SelectedRows rows, double visits) {
    SubsetBuilder builder = cache.subsets();
    if (builder == null || visits == 0 || !mayHaveSubset(rows)) {
      return;
    }
    SubsetAccount account = rows.account();
    if (account.pay(visits, cache.subsetPrice() * rows.rows().cardinality())) {
      subsetsDue.increment();
      if (!builder.order(this, new Key(this, filter.tree()), account)) {
        account.postpone();
        orderDone();
      }
    }
  }

  /** An order of a subset ends, one way or the other. */
  void orderDone() {
    subsetsDue.decrement();
  }

  /** Whether another subset than what there is would be worth something, as far as is known. */
  private boolean mayHaveSubset(SelectedRows rows) {
    int matching = rows.rows().cardinality();
    long rowBytes = SUBSET_ROW_BYTES + vectors.dimension() / Byte.SIZE;
    return matching >= SUBSET_ROWS_MIN
        && matching * rowBytes <= cache.subsetBytesMax()
        && (!isCurrent(rows) || rows.hasOutgrownSubset());
  }

  /**
   * Builds a subset of what is kept of a filter, and gives it to what is kept of it then. Called by
   * the builder's thread.
   *
   * @param account of those who ordered it
   */
  void build(Key key, SubsetAccount account) {
    SelectedRows known = find(key);
    if (known == null) { // it was given up, and would be again
      account.spend();
      return;
    }
    try (known) {
      // Somebody who had not seen the last one yet may have ordered another.
      if (mayHaveSubset(known)) {
        build(key, known, account);
      } else {
        account.spend();
      }
    }
  }

  private void build(Key key, SelectedRows known, SubsetAccount account) {
    long start = System.nanoTime();
    RowSubset built;
    try (BitVector bits = known.bitsToTheEnd()) {
      built = vectors.subset(bits);
    }
    if (built == null) { // there are no codes any more
      account.spend();
      return;
    }
    subsetNanos.add(System.nanoTime() - start);
    try (SharedSubset subset = new SharedSubset(built, known.rows().rows())) {
      if (built.bytes() > cache.subsetBytesMax()) {
        account.refuse();
      } else {
        keep(key, subset);
        account.spend();
      }
    }
    subsetBuilds.increment();
  }

  private void keep(Key key, SharedSubset subset) {
    cache
        .selected()
        .asMap()
        .computeIfPresent(
            key,
            (same, current) -> {
              SelectedRows best = withSubset(current, subset);
              return best == current ? current : counted(best);
            });
  }

  /** The cache gives up its hold. */
  void removed(SelectedRows rows, boolean evicted) {
    entries.decrement();
    bytes.add(-rows.bytes());
    subsets.add(rows.subset() == null ? 0 : -1);
    if (evicted) {
      evictions.increment();
    }
  }

  /** Its figures. */
  public FilterCacheStatus status() {
    return new FilterCacheStatus(
        hits.sum(),
        refreshes.sum(),
        misses.sum(),
        entries.sum(),
        bytes.sum(),
        evictions.sum(),
        subsets.sum(),
        subsetsDue.sum(),
        subsetBuilds.sum(),
        subsetNanos.sum());
  }

  /** Gives up all that is kept; searches may go on. */
  public void clear() {
    if (cache.selected() != null) {
      cache.selected().asMap().keySet().removeIf(key -> key.dataset() == this);
    }
  }

  /** Waits for the subset that is being built, and gives up all. No call follows. */
  public void close() {
    if (cache.subsets() != null) {
      cache.subsets().cancel(this);
    }
    clear();
  }
}
