package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.store.StoreException;
import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoinRequest;
import java.time.Duration;
import java.util.Set;

/** Reads the objects {@code knn-join} and {@code dedup} of a ticket or command. */
final class JoinParser {
  private static final Set<String> KNN_JOIN_KEYS =
      Set.of(
          "left",
          "right",
          "k",
          "left_filter",
          "right_filter",
          "exact",
          "ef",
          "target_recall",
          "max_distance",
          "columns",
          "timeout_ms");
  private static final Set<String> DEDUP_KEYS =
      Set.of("dataset", "max_distance", "filter", "exact", "limit", "timeout_ms");

  private JoinParser() {}

  /**
   * A {@code knn-join}.
   *
   * @param streamed whether the left rows stream in, and no dataset is named
   */
  static JoinTicket.KnnJoin knnJoin(Fields fields, boolean streamed) {
    fields.allow(KNN_JOIN_KEYS);
    if (streamed && fields.has("left")) {
      throw StoreException.invalid(
          "%s: found in a command, allowed in a ticket; DoExchange streams the left rows",
          fields.name("left"));
    }
    fields.exclude("target_recall", "ef");
    return new JoinTicket.KnnJoin(
        streamed ? null : fields.text("left"),
        fields.text("right"),
        new KnnJoinRequest(
            (int) fields.integer("k", 1, Limits.K_MAX, Limits.K_DEFAULT),
            FilterParser.optional(fields, "left_filter"),
            FilterParser.optional(fields, "right_filter"),
            exact(fields),
            fields.has("ef") ? (int) fields.integer("ef", 1, Limits.EF_MAX) : null,
            fields.has("target_recall") ? fields.fraction("target_recall", 0, 1) : null,
            fields.has("max_distance") ? distance(fields) : null,
            fields.texts("columns"),
            timeout(fields)));
  }

  /** A {@code dedup}. */
  static JoinTicket.Dedup dedup(Fields fields) {
    fields.allow(DEDUP_KEYS);
    return new JoinTicket.Dedup(
        fields.text("dataset"),
        new DedupRequest(
            distance(fields),
            FilterParser.optional(fields, "filter"),
            exact(fields),
            fields.integer("limit", 0, Long.MAX_VALUE, Long.MAX_VALUE),
            timeout(fields)));
  }

  private static float distance(Fields fields) {
    return (float) fields.number("max_distance", -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  /** Null leaves it to the cost. */
  private static Boolean exact(Fields fields) {
    return fields.has("exact") ? fields.flag("exact", false) : null;
  }

  /** A join reads a dataset whole: without a limit of its own it has none. */
  private static Duration timeout(Fields fields) {
    return fields.has("timeout_ms")
        ? Duration.ofMillis(fields.integer("timeout_ms", 1, Limits.JOIN_TIMEOUT_MILLIS_MAX))
        : null;
  }
}
