package io.arbalest.store;

import io.arbalest.store.filter.Filter;
import java.util.List;

/**
 * A scan over the live rows in the order they were written.
 *
 * @param filter which rows to return; null: all
 * @param columns metadata columns to return; {@code ["*"]} for all
 * @param vectorsAs the form of the {@code vector} column
 * @param limit rows to return at most; {@link Long#MAX_VALUE}: all
 */
public record ScanRequest(Filter filter, List<String> columns, VectorsAs vectorsAs, long limit) {
  public ScanRequest {
    columns = List.copyOf(columns);
    if (limit < 0) {
      throw StoreException.invalid("limit: found %d, allowed 0 or more", limit);
    }
  }

  /** Every live row with all its columns and no vector. */
  public static ScanRequest all() {
    return new ScanRequest(null, List.of("*"), VectorsAs.NONE, Long.MAX_VALUE);
  }
}
