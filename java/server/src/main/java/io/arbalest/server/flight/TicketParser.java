package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.store.ScanRequest;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.VectorsAs;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Reads tickets ({@code {"search":{…}}}, {@code {"scan":{…}}}) and DoExchange's commands. */
final class TicketParser {
  private static final Set<String> KINDS = Set.of("search", "scan", "knn-join", "dedup");
  private static final Set<String> SEARCH_KEYS =
      Set.of(
          "dataset",
          "vector",
          "vectors",
          "id",
          "k",
          "ef",
          "target_recall",
          "filter",
          "columns",
          "vectors_as",
          "text",
          "alpha",
          "exact",
          "min_sequence",
          "cache",
          "timeout_ms");
  private static final Set<String> SCAN_KEYS =
      Set.of("dataset", "filter", "columns", "vectors_as", "limit");
  private static final Set<String> QUERY_KEYS = Set.of("vector", "vectors", "id");

  private TicketParser() {}

  /** A {@link SearchTicket}, a {@link ScanTicket} or a {@link JoinTicket}. */
  static Object ticket(byte[] json) {
    Fields ticket = Fields.parse("ticket", json).allow(KINDS);
    List<String> found = KINDS.stream().filter(ticket::has).sorted().toList();
    if (found.size() != 1) {
      throw StoreException.invalid(
          "ticket: found %s, allowed one of search, scan, knn-join, dedup",
          found.isEmpty() ? "neither" : String.join(" and ", found));
    }
    Fields fields = ticket.object(found.get(0));
    return switch (found.get(0)) {
      case "search" -> search(fields);
      case "scan" -> scan(fields);
      case "knn-join" -> JoinParser.knnJoin(fields, false);
      case "dedup" -> JoinParser.dedup(fields);
      default -> throw new AssertionError(found);
    };
  }

  /** The search object of a DoGet: with one form of queries. */
  private static SearchTicket search(Fields fields) {
    SearchTicket search = searchObject(fields.allow(SEARCH_KEYS));
    long forms = QUERY_KEYS.stream().filter(fields::has).count();
    if (forms > 1 || (forms == 0 && !fields.has("text"))) {
      throw StoreException.invalid(
          "search: found %d of vector, vectors, id, allowed exactly one, or none beside text",
          forms);
    }
    return search;
  }

  /**
   * The command of a DoExchange, whose vectors are in the stream: a search object, bare or as in a
   * ticket, or a {@code knn-join}.
   *
   * @return a {@link SearchTicket} or a {@link JoinTicket.KnnJoin}
   */
  static Object exchange(byte[] json) {
    Fields command = Fields.parse("search", json);
    if (command.has("knn-join")) {
      return JoinParser.knnJoin(command.allow(KINDS).object("knn-join"), true);
    }
    Fields fields = command.has("search") ? command.allow(KINDS).object("search") : command;
    SearchTicket search = searchObject(fields.allow(SEARCH_KEYS));
    for (String key : QUERY_KEYS) {
      if (fields.has(key)) {
        throw StoreException.invalid(
            "%s: found in a command, allowed in a ticket; DoExchange streams its queries as a"
                + " column 'vector'",
            fields.name(key));
      }
    }
    return new SearchTicket(
        search.dataset(), null, search.options().with().rowErrors(true).build());
  }

  private static SearchTicket searchObject(Fields fields) {
    float[][] vectors = null;
    if (fields.has("vectors")) {
      vectors = fields.vectors("vectors");
    } else if (fields.has("vector")) {
      vectors = new float[][] {fields.vector("vector")};
    }
    fields.exclude("target_recall", "ef");
    if (fields.has("alpha") && !fields.has("text")) {
      throw StoreException.invalid(
          "%s: found without %s, allowed beside it", fields.name("alpha"), fields.name("text"));
    }
    return new SearchTicket(fields.text("dataset"), vectors, options(fields));
  }

  private static SearchRequest options(Fields fields) {
    return SearchRequest.builder()
        .likeId(fields.has("id") ? fields.id("id") : null)
        .k((int) fields.integer("k", 1, Limits.K_MAX, Limits.K_DEFAULT))
        .ef(fields.has("ef") ? (int) fields.integer("ef", 1, Limits.EF_MAX) : null)
        .targetRecall(fields.has("target_recall") ? fields.fraction("target_recall", 0, 1) : null)
        .exact(fields.flag("exact", false))
        .filter(FilterParser.optional(fields, "filter"))
        .text(fields.has("text") ? fields.text("text") : null)
        .alpha(fields.has("alpha") ? fields.number("alpha", 0, 1) : null)
        .columns(fields.texts("columns"))
        .vectorsAs(vectorsAs(fields))
        .minSequence(
            fields.has("min_sequence") ? fields.integer("min_sequence", 0, Long.MAX_VALUE) : null)
        .cache(fields.flag("cache", true))
        .timeout(
            Duration.ofMillis(
                fields.integer(
                    "timeout_ms", 1, Limits.TIMEOUT_MILLIS_MAX, Limits.TIMEOUT_MILLIS_DEFAULT)))
        .build();
  }

  private static ScanTicket scan(Fields fields) {
    fields.allow(SCAN_KEYS);
    return new ScanTicket(
        fields.text("dataset"),
        new ScanRequest(
            FilterParser.optional(fields, "filter"),
            fields.texts("columns"),
            vectorsAs(fields),
            fields.integer("limit", 0, Long.MAX_VALUE, Long.MAX_VALUE)));
  }

  private static VectorsAs vectorsAs(Fields fields) {
    return VectorsAs.fromWireName(fields.text("vectors_as", VectorsAs.SQ8.wireName()));
  }
}
