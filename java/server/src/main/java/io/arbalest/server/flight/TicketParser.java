package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.store.ScanRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.VectorsAs;
import java.time.Duration;
import java.util.Set;

/** Reads tickets ({@code {"search":{…}}}, {@code {"scan":{…}}}) and DoExchange's commands. */
final class TicketParser {
  private static final Set<String> KINDS = Set.of("search", "scan");
  private static final Set<String> SEARCH_KEYS =
      Set.of(
          "dataset",
          "vector",
          "vectors",
          "id",
          "k",
          "ef",
          "exact",
          "columns",
          "vectors_as",
          "timeout_ms");
  private static final Set<String> SEARCH_LATER =
      Set.of("target_recall", "filter", "text", "alpha", "min_sequence");
  private static final Set<String> SCAN_KEYS = Set.of("dataset", "columns", "vectors_as", "limit");
  private static final Set<String> SCAN_LATER = Set.of("filter");
  private static final Set<String> QUERY_KEYS = Set.of("vector", "vectors", "id");

  private TicketParser() {}

  /** A {@link SearchTicket} or a {@link ScanTicket}. */
  static Object ticket(byte[] json) {
    Fields ticket = Fields.parse("ticket", json).allow(KINDS);
    boolean search = ticket.has("search");
    if (search == ticket.has("scan")) {
      throw StoreException.invalid(
          "ticket: found %s, allowed one of search, scan", search ? "search and scan" : "neither");
    }
    return search ? search(ticket.object("search")) : scan(ticket.object("scan"));
  }

  /** The search object of a DoGet: with one form of queries. */
  private static SearchTicket search(Fields fields) {
    SearchTicket search = searchObject(fields.allow(SEARCH_KEYS, SEARCH_LATER));
    long forms = QUERY_KEYS.stream().filter(fields::has).count();
    if (forms != 1) {
      throw StoreException.invalid(
          "search: found %d of vector, vectors, id, allowed exactly one", forms);
    }
    return search;
  }

  /** The search object of a DoExchange, bare or as a ticket: its queries are in the stream. */
  static SearchTicket exchange(byte[] json) {
    Fields command = Fields.parse("search", json);
    Fields fields = command.has("search") ? command.allow(KINDS).object("search") : command;
    SearchTicket search = searchObject(fields.allow(SEARCH_KEYS, SEARCH_LATER));
    for (String key : QUERY_KEYS) {
      if (fields.has(key)) {
        throw StoreException.invalid(
            "%s: found in a command, allowed in a ticket; DoExchange streams its queries as a"
                + " column 'vector'",
            fields.name(key));
      }
    }
    return search;
  }

  private static SearchTicket searchObject(Fields fields) {
    float[][] vectors = null;
    if (fields.has("vectors")) {
      vectors = fields.vectors("vectors");
    } else if (fields.has("vector")) {
      vectors = new float[][] {fields.vector("vector")};
    }
    return new SearchTicket(
        fields.text("dataset"),
        vectors,
        fields.has("id") ? fields.id("id") : null,
        (int) fields.integer("k", 1, Limits.K_MAX, Limits.K_DEFAULT),
        fields.has("ef") ? (int) fields.integer("ef", 1, Limits.EF_MAX) : null,
        fields.flag("exact", false),
        fields.texts("columns"),
        vectorsAs(fields),
        Duration.ofMillis(
            fields.integer(
                "timeout_ms", 1, Limits.TIMEOUT_MILLIS_MAX, Limits.TIMEOUT_MILLIS_DEFAULT)));
  }

  private static ScanTicket scan(Fields fields) {
    fields.allow(SCAN_KEYS, SCAN_LATER);
    return new ScanTicket(
        fields.text("dataset"),
        new ScanRequest(
            fields.texts("columns"),
            vectorsAs(fields),
            fields.integer("limit", 0, Long.MAX_VALUE, Long.MAX_VALUE)));
  }

  private static VectorsAs vectorsAs(Fields fields) {
    return VectorsAs.fromWireName(fields.text("vectors_as", VectorsAs.SQ8.wireName()));
  }
}
