package io.arbalest.store;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How to open a store. Start from {@link #of(Path)} and change what differs.
 *
 * @param directory where the datasets live; created if absent
 * @param sync when the log reaches the disk
 * @param indexThreads threads that put rows into the graphs, shared by all datasets
 * @param pendingRowsSoft rows of a dataset waiting for the graph from which writers are asked to
 *     slow down
 * @param pendingRowsHard rows of a dataset waiting for the graph from which writes wait, then fail
 * @param writeWait how long a write may wait for room in the queue or among the pending rows
 * @param queueBytesMax bytes of writes of a dataset waiting for the log
 * @param queueWritesMax writes of a dataset waiting for the log
 * @param walSegmentBytes size from which the log starts a new segment
 * @param snapshotWalBytes size of a dataset's log from which a snapshot is taken; 0: never by
 *     itself
 * @param columnBytesMax memory for ids and metadata columns of all datasets
 * @param kernelSet name of the kernel set to search with; null: the best of this CPU
 * @param cache what is kept of answers
 * @param filterCacheBytes memory for the rows that filters selected, of all datasets together; 0:
 *     every search selects anew
 * @param subsetPrice what searches with a filter must have cost before its rows get an index of
 *     their own, in rows visited for each row that matches: about what building it costs; 0: the
 *     first search is enough; infinite: they never get one
 * @param shadow how many answers are checked
 */
public record StoreOptions(
    Path directory,
    SyncMode sync,
    int indexThreads,
    long pendingRowsSoft,
    long pendingRowsHard,
    Duration writeWait,
    long queueBytesMax,
    int queueWritesMax,
    int walSegmentBytes,
    long snapshotWalBytes,
    long columnBytesMax,
    String kernelSet,
    CacheOptions cache,
    long filterCacheBytes,
    double subsetPrice,
    ShadowOptions shadow) {
  private static final int INDEX_THREADS_MAX = 256;
  private static final int WAL_SEGMENT_BYTES_MIN = 1024;

  /** No more than this part of the heap, though not all of it lies there. */
  private static final int FILTER_CACHE_HEAP_PART = 16;

  private static final long FILTER_CACHE_BYTES = 128L << 20;

  /** By {@code bench filter}: building takes as long as so many visits for each row. */
  private static final double SUBSET_PRICE = 100;

  public StoreOptions {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(sync, "sync");
    Objects.requireNonNull(writeWait, "writeWait");
    Objects.requireNonNull(cache, "cache");
    Objects.requireNonNull(shadow, "shadow");
    check("index threads", indexThreads, 1, INDEX_THREADS_MAX);
    check("pending rows, soft limit", pendingRowsSoft, 1, Integer.MAX_VALUE);
    check("pending rows, hard limit", pendingRowsHard, pendingRowsSoft, Integer.MAX_VALUE);
    check("write wait in milliseconds", writeWait.toMillis(), 0, Duration.ofHours(1).toMillis());
    check("queue bytes", queueBytesMax, 1, Long.MAX_VALUE);
    check("queued writes", queueWritesMax, 1, 1 << 20);
    check("log segment bytes", walSegmentBytes, WAL_SEGMENT_BYTES_MIN, 1 << 30);
    check("log bytes before a snapshot", snapshotWalBytes, 0, Long.MAX_VALUE);
    check("filter cache bytes", filterCacheBytes, 0, Long.MAX_VALUE);
    if (!(subsetPrice >= 0)) {
      throw StoreException.invalid("subset price: found %s, allowed 0 or more", subsetPrice);
    }
    check("column bytes", columnBytesMax, 1 << 20, Long.MAX_VALUE);
  }

  /** The defaults, on this directory. */
  public static StoreOptions of(Path directory) {
    return new StoreOptions(
        directory,
        SyncMode.ALWAYS,
        defaultIndexThreads(Runtime.getRuntime().availableProcessors()),
        32_768,
        131_072,
        Duration.ofSeconds(10),
        256L << 20,
        1024,
        64 << 20,
        256L << 20,
        Long.MAX_VALUE,
        null,
        CacheOptions.DEFAULT,
        Math.min(FILTER_CACHE_BYTES, Runtime.getRuntime().maxMemory() / FILTER_CACHE_HEAP_PART),
        SUBSET_PRICE,
        ShadowOptions.DEFAULT);
  }

  /**
   * Building the graph is what ingest waits for, so it gets the cores; one is left to searches
   * where there are enough. On one or two cores the scheduler shares them fairly, and half the
   * build speed would be too much to give.
   */
  static int defaultIndexThreads(int processors) {
    return processors <= 2 ? processors : Math.min(processors - 1, INDEX_THREADS_MAX);
  }

  /** The same with this sync mode. */
  public StoreOptions withSync(SyncMode mode) {
    return with(draft -> draft.sync = mode);
  }

  /** The same with this many index threads. */
  public StoreOptions withIndexThreads(int threads) {
    return with(draft -> draft.indexThreads = threads);
  }

  /** The same with these limits of rows waiting for the graph. */
  public StoreOptions withPendingRows(long soft, long hard) {
    return with(
        draft -> {
          draft.pendingRowsSoft = soft;
          draft.pendingRowsHard = hard;
        });
  }

  /** The same with this wait for room. */
  public StoreOptions withWriteWait(Duration wait) {
    return with(draft -> draft.writeWait = wait);
  }

  /** The same with these bounds of the write queue. */
  public StoreOptions withQueue(long bytes, int writes) {
    return with(
        draft -> {
          draft.queueBytesMax = bytes;
          draft.queueWritesMax = writes;
        });
  }

  /** The same with segments of this size. */
  public StoreOptions withWalSegmentBytes(int bytes) {
    return with(draft -> draft.walSegmentBytes = bytes);
  }

  /** The same with a snapshot after this much log; 0: never by itself. */
  public StoreOptions withSnapshotWalBytes(long bytes) {
    return with(draft -> draft.snapshotWalBytes = bytes);
  }

  /** The same with this much memory for ids and metadata columns. */
  public StoreOptions withColumnBytesMax(long bytes) {
    return with(draft -> draft.columnBytesMax = bytes);
  }

  /** The same with this kernel set. */
  public StoreOptions withKernelSet(String name) {
    return with(draft -> draft.kernelSet = name);
  }

  /** The same with this cache of answers. */
  public StoreOptions withCache(CacheOptions options) {
    return with(draft -> draft.cache = options);
  }

  /** The same with this much memory for what filters selected; 0: nothing is kept. */
  public StoreOptions withFilterCacheBytes(long bytes) {
    return with(draft -> draft.filterCacheBytes = bytes);
  }

  /** The same with this price of an index of a filter's rows; infinite: there are none. */
  public StoreOptions withSubsetPrice(double visitsARow) {
    return with(draft -> draft.subsetPrice = visitsARow);
  }

  /** The same with this many answers checked. */
  public StoreOptions withShadow(ShadowOptions options) {
    return with(draft -> draft.shadow = options);
  }

  private StoreOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.finished();
  }

  /** The options while one of them is changed: the one place that lists them. */
  private static final class Draft {
    private final Path directory;
    private SyncMode sync;
    private int indexThreads;
    private long pendingRowsSoft;
    private long pendingRowsHard;
    private Duration writeWait;
    private long queueBytesMax;
    private int queueWritesMax;
    private int walSegmentBytes;
    private long snapshotWalBytes;
    private long columnBytesMax;
    private String kernelSet;
    private CacheOptions cache;
    private long filterCacheBytes;
    private double subsetPrice;
    private ShadowOptions shadow;

    private Draft(StoreOptions from) {
      directory = from.directory;
      sync = from.sync;
      indexThreads = from.indexThreads;
      pendingRowsSoft = from.pendingRowsSoft;
      pendingRowsHard = from.pendingRowsHard;
      writeWait = from.writeWait;
      queueBytesMax = from.queueBytesMax;
      queueWritesMax = from.queueWritesMax;
      walSegmentBytes = from.walSegmentBytes;
      snapshotWalBytes = from.snapshotWalBytes;
      columnBytesMax = from.columnBytesMax;
      kernelSet = from.kernelSet;
      cache = from.cache;
      filterCacheBytes = from.filterCacheBytes;
      subsetPrice = from.subsetPrice;
      shadow = from.shadow;
    }

    private StoreOptions finished() {
      return new StoreOptions(
          directory,
          sync,
          indexThreads,
          pendingRowsSoft,
          pendingRowsHard,
          writeWait,
          queueBytesMax,
          queueWritesMax,
          walSegmentBytes,
          snapshotWalBytes,
          columnBytesMax,
          kernelSet,
          cache,
          filterCacheBytes,
          subsetPrice,
          shadow);
    }
  }

  static void check(String what, long found, long min, long max) {
    if (found < min || found > max) {
      throw StoreException.invalid("%s: found %d, allowed %d..%d", what, found, min, max);
    }
  }
}
