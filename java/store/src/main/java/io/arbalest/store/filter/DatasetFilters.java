package io.arbalest.store.filter;

import io.arbalest.store.FilterCacheStatus;
import io.arbalest.store.filter.FilterCache.Key;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.LongPredicate;

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
 */
public final class DatasetFilters {
  private final FilterCache cache;
  private final MetadataIndex index;
  private final IntSupplier end;
  private final LongPredicate holds;
  private final LongAdder hits = new LongAdder();
  private final LongAdder refreshes = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder entries = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder evictions = new LongAdder();

  DatasetFilters(FilterCache cache, MetadataIndex index, IntSupplier end, LongPredicate holds) {
    this.cache = cache;
    this.index = index;
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
      return select(filter, Matches.NONE, 0, end.getAsInt(), stamp);
    }
    Key key = new Key(this, filter.tree());
    SelectedRows known = find(key);
    int rows = end.getAsInt(); // no fewer than are known, since it is asked later
    if (known == null) {
      misses.increment();
      long filterBytes = filter.tree().bytes();
      return kept(key, select(filter, Matches.NONE, filterBytes, rows, stamp));
    }
    if (known.rows().rows() == rows && holds.test(known.stamp())) {
      hits.increment();
      return known;
    }
    try (known) {
      refreshes.increment();
      return kept(key, select(filter, known.matches(), known.filterBytes(), rows, stamp));
    }
  }

  /** What is kept, held for the caller; null if there is nothing. */
  private SelectedRows find(Key key) {
    SelectedRows found = cache.selected().getIfPresent(key);
    return found != null && found.retain() ? found : null;
  }

  private SelectedRows select(
      BoundFilter filter, Matches known, long filterBytes, int rows, long stamp) {
    Matches matches = index.match(filter, known, rows);
    RowFilter living = index.living(matches);
    // What matches is worth keeping also where rows were deleted while the living were counted.
    long valid = holds.test(stamp) ? stamp : 0;
    return new SelectedRows(matches, living, valid, filterBytes, cache.allocator());
  }

  /** Gives the cache a hold of its own. */
  private SelectedRows kept(Key key, SelectedRows rows) {
    rows.retain();
    entries.increment();
    bytes.add(rows.bytes());
    cache.selected().put(key, rows);
    return rows;
  }

  /** The cache gives up its hold. */
  void removed(SelectedRows rows, boolean evicted) {
    entries.decrement();
    bytes.add(-rows.bytes());
    if (evicted) {
      evictions.increment();
    }
  }

  /** Its figures. */
  public FilterCacheStatus status() {
    return new FilterCacheStatus(
        hits.sum(), refreshes.sum(), misses.sum(), entries.sum(), bytes.sum(), evictions.sum());
  }

  /** Gives up all that is kept; searches may go on. */
  public void clear() {
    if (cache.selected() != null) {
      cache.selected().asMap().keySet().removeIf(key -> key.dataset() == this);
    }
  }
}
