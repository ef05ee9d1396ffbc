package io.arbalest.server.flight;

import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoinRequest;

/** The joins of the wire. */
sealed interface JoinTicket {
  /**
   * {@code knn-join}.
   *
   * @param left the dataset whose rows are joined; null where they stream in
   * @param right the dataset in which their nearest are found
   */
  record KnnJoin(String left, String right, KnnJoinRequest request) implements JoinTicket {}

  /** {@code dedup}. */
  record Dedup(String dataset, DedupRequest request) implements JoinTicket {}
}
