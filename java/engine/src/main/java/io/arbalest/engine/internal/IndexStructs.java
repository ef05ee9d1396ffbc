package io.arbalest.engine.internal;

import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.IndexReport;
import io.arbalest.engine.IndexStats;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.SearchStats;
import org.apache.arrow.memory.ArrowBuf;

/**
 * The option and report structs of {@code arbalest.h} by offset. {@code arb_jni.h} asserts the same
 * layout when the shim is compiled, so the two cannot drift apart.
 */
public final class IndexStructs {
  private static final int OPTIONS_BYTES = 56;
  private static final int SEARCH_OPTIONS_BYTES = 32;
  private static final int SEARCH_STATS_BYTES = 32;

  /** {@code sizeof(arb_index_stats)}. */
  public static final int STATS_BYTES = 144;

  /** {@code sizeof(arb_subset_stats)}. */
  public static final int SUBSET_STATS_BYTES = 24;

  /** {@code sizeof(arb_index_report)}. */
  public static final int REPORT_BYTES = 64;

  private IndexStructs() {}

  /** {@code arb_index_options}; open reads only the kernel set and {@code generated} of it. */
  public static long indexOptions(
      CallScope scope,
      int dimension,
      int metric,
      int element,
      int m,
      int efConstruction,
      long seed,
      int kernelSet,
      boolean trustKernelSet,
      int codes,
      int layout,
      int generated) {
    ArrowBuf options = scope.memory(OPTIONS_BYTES);
    options.setInt(0, OPTIONS_BYTES);
    options.setInt(4, dimension);
    options.setInt(8, metric);
    options.setInt(12, element);
    options.setInt(16, m);
    options.setInt(20, efConstruction);
    options.setLong(24, seed);
    options.setInt(32, kernelSet);
    options.setInt(36, trustKernelSet ? 1 : 0);
    options.setInt(40, codes);
    options.setInt(44, layout);
    options.setInt(48, generated);
    return options.memoryAddress();
  }

  /**
   * {@code arb_search_options}.
   *
   * @param subset an {@code arb_subset *}, 0 for none
   */
  public static long searchOptions(CallScope scope, SearchOptions options, long subset) {
    ArrowBuf struct = scope.memory(SEARCH_OPTIONS_BYTES);
    struct.setInt(0, SEARCH_OPTIONS_BYTES);
    struct.setInt(4, options.k());
    struct.setInt(8, options.ef());
    struct.setInt(12, options.strategy().ordinal());
    struct.setFloat(16, targetRecall(options));
    struct.setLong(24, subset);
    return struct.memoryAddress();
  }

  /** As the library takes it: what is below 1 stays below 1, what is above 0 above 0. */
  public static float targetRecall(SearchOptions options) {
    double target = options.targetRecall();
    float least = target > 0 ? Float.MIN_NORMAL : 0;
    return Math.max(least, Math.min((float) target, Math.nextDown(1f)));
  }

  /** An empty {@code arb_search_stats}, for {@link #searchStats(ArrowBuf)} after the call. */
  public static ArrowBuf emptySearchStats(CallScope scope) {
    return scope.memory(SEARCH_STATS_BYTES);
  }

  /** What the library wrote. */
  public static SearchStats searchStats(ArrowBuf struct) {
    return new SearchStats(
        struct.getLong(0), struct.getLong(8), struct.getLong(16), struct.getLong(24));
  }

  /** {@code arb_index_stats}. */
  public static IndexStats stats(ArrowBuf struct) {
    return new IndexStats(
        struct.getLong(0),
        struct.getLong(8),
        struct.getLong(16),
        struct.getLong(24),
        struct.getLong(32),
        struct.getLong(40),
        struct.getLong(48),
        struct.getLong(56),
        struct.getInt(64),
        Metric.values()[struct.getInt(68)],
        ElementType.values()[struct.getInt(72)],
        struct.getInt(76),
        struct.getInt(80),
        struct.getInt(84),
        Native.arb_kernel_set_name(struct.getInt(88)),
        struct.getInt(92) != 0,
        struct.getFloat(96),
        Codes.values()[struct.getInt(100)],
        Layout.values()[struct.getInt(104)],
        struct.getLong(112),
        struct.getLong(120),
        struct.getFloat(128),
        struct.getInt(132) != 0,
        struct.getInt(136));
  }

  /** {@code arb_subset_stats}: its rows. */
  public static long subsetRows(ArrowBuf struct) {
    return struct.getLong(0);
  }

  /** {@code arb_subset_stats}: its memory. */
  public static long subsetBytes(ArrowBuf struct) {
    return struct.getLong(8);
  }

  /** {@code arb_subset_stats}: its cells. */
  public static int subsetCells(ArrowBuf struct) {
    return struct.getInt(16);
  }

  /** {@code arb_subset_stats}: the share of its rows that a search looks at. */
  public static float subsetScanned(ArrowBuf struct) {
    return struct.getFloat(20);
  }

  /** {@code arb_index_report}. */
  public static IndexReport report(ArrowBuf struct) {
    return new IndexReport(
        struct.getLong(0),
        struct.getLong(8),
        struct.getLong(16),
        struct.getLong(24),
        struct.getLong(32),
        struct.getLong(40),
        struct.getLong(48),
        struct.getLong(56));
  }
}
