package io.arbalest.store.join;

import io.arbalest.store.StoreException;
import io.arbalest.store.filter.Filter;
import java.time.Duration;
import java.util.List;

/**
 * A join of each row of one dataset, the left one, with its nearest rows of another, the right one.
 *
 * @param k right rows a left row, 1..{@value io.arbalest.store.StoreLimits#K_MAX}
 * @param leftFilter which left rows are joined; null: all
 * @param rightFilter which right rows may be found; null: all
 * @param exact whether each right row is compared; null: whatever costs less
 * @param ef breadth of the graph search; null leaves it to {@code targetRecall}
 * @param targetRecall the recall wanted of the graph search; null takes the default
 * @param maxDistance pairs farther apart are left out; null: none
 * @param columns metadata columns of the right rows to return; {@code ["*"]} for all
 * @param timeout how long the whole join may take; null: without limit
 */
public record KnnJoinRequest(
    int k,
    Filter leftFilter,
    Filter rightFilter,
    Boolean exact,
    Integer ef,
    Double targetRecall,
    Float maxDistance,
    List<String> columns,
    Duration timeout) {
  public KnnJoinRequest {
    columns = List.copyOf(columns);
    if (maxDistance != null && maxDistance.isNaN()) {
      throw StoreException.invalid("max_distance: found NaN, allowed a number");
    }
  }

  /** The {@code k} nearest of every row, of all rows. */
  public static KnnJoinRequest of(int k) {
    return new KnnJoinRequest(k, null, null, null, null, null, null, List.of(), null);
  }
}
