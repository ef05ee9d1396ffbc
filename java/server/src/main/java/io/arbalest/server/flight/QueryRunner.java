package io.arbalest.server.flight;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.arbalest.server.Limits;
import io.arbalest.server.metrics.Metrics;
import io.arbalest.store.Dataset;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import java.time.Duration;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.util.TransferPair;

/**
 * Answers queries chunk by chunk: as many at once as fill one outgoing batch, so that an answer is
 * on its way before the next is computed, and no more of it is in memory than that.
 */
final class QueryRunner {
  private static final int ROW_BYTES_FIXED = 20;
  private static final int COLUMN_BYTES_GUESS = 64;

  private final Dataset dataset;
  private final SearchTicket ticket;
  private final Limits limits;
  private final Metrics metrics;
  private final BufferAllocator allocator;

  QueryRunner(
      Dataset dataset,
      SearchTicket ticket,
      Limits limits,
      Metrics metrics,
      BufferAllocator allocator) {
    this.dataset = dataset;
    this.ticket = ticket;
    this.limits = limits;
    this.metrics = metrics;
    this.allocator = allocator;
  }

  /**
   * Answers a batch of queries; the last batch sent tells how they were found.
   *
   * @param queries the vectors; null for a search by id
   * @param keys what names each query in the answer; null for a search by id
   * @param firstRow number of the first query in its call, for messages
   */
  void answer(FieldVector queries, FieldVector keys, long firstRow, BatchSender out) {
    long deadline = System.nanoTime() + ticket.options().timeout().toNanos();
    // Here and not in the first chunk alone, so that a time-out tells what was waited for.
    if (ticket.options().minSequence() != null) {
      dataset.awaitSequence(ticket.options().minSequence(), ticket.options().timeout());
    }
    int total = queries == null ? 1 : queries.getValueCount();
    int step = queriesPerChunk();
    Tally tally = new Tally();
    int from = 0;
    do {
      int count = Math.min(step, total - from);
      try {
        chunk(queries, keys, from, count, total, deadline, tally, out);
      } catch (StoreException e) {
        throw located(e, firstRow + from, count, total);
      }
      from += count;
    } while (from < total);
  }

  private void chunk(
      FieldVector queries,
      FieldVector keys,
      int from,
      int count,
      int total,
      long deadline,
      Tally tally,
      BatchSender out) {
    try (FieldVector someQueries = slice(queries, from, count);
        FieldVector someKeys = slice(keys, from, count);
        SearchAnswer answer = search(someQueries, someKeys, count, deadline)) {
      tally.add(answer);
      if (!out.isStarted()) {
        out.start(answer.root().getSchema(), allocator);
      }
      out.send(answer.root(), from + count == total ? tally.json() : null);
    }
  }

  private SearchAnswer search(FieldVector queries, FieldVector keys, int count, long deadline) {
    long start = System.nanoTime();
    Duration left = Duration.ofNanos(Math.max(1, deadline - start));
    SearchRequest request = ticket.request(queries, keys, left);
    SearchAnswer answer = dataset.search(request, allocator);
    metrics.searched(count, answer.visited(), System.nanoTime() - start);
    return answer;
  }

  private int queriesPerChunk() {
    long component =
        switch (ticket.options().vectorsAs()) {
          case NONE -> 0;
          case SQ8 -> 1;
          case FLOAT16 -> 2;
          case FLOAT32 -> 4;
        };
    long rowBytes =
        ROW_BYTES_FIXED
            + component * dataset.spec().dimension()
            + (long) COLUMN_BYTES_GUESS * ticket.options().columns().size();
    return (int) Math.max(1, limits.outgoingBatchBytes() / (rowBytes * ticket.options().k()));
  }

  /** A view of some rows; null of null. Close it. */
  private FieldVector slice(FieldVector vector, int from, int count) {
    if (vector == null) {
      return null;
    }
    TransferPair pair = vector.getTransferPair(vector.getField(), allocator);
    pair.splitAndTransfer(from, count);
    return (FieldVector) pair.getTo();
  }

  /** The store counts rows and time from the chunk's start; the client counts from its call's. */
  private StoreException located(StoreException e, long first, int count, int total) {
    if (e.category() == Category.DEADLINE_EXCEEDED) {
      return new StoreException(
          e.category(),
          "timeout_ms: %d queries took longer than %d ms"
              .formatted(total, ticket.options().timeout().toMillis()),
          e);
    }
    boolean wholeCall = first == 0 && count == total;
    if (wholeCall || e.category() != Category.INVALID_ARGUMENT) {
      return e;
    }
    return new StoreException(
        e.category(),
        "queries %d..%d, counted from row %d: %s"
            .formatted(first, first + count - 1, first, e.getMessage()),
        e);
  }

  /** What the chunks of one batch have in common. */
  private static final class Tally {
    private String strategy;
    private long visited;
    private boolean exhausted;
    private boolean cached = true;

    void add(SearchAnswer answer) {
      strategy = answer.strategy();
      visited += answer.visited();
      exhausted |= answer.exhausted();
      cached &= answer.cached();
    }

    String json() {
      return JsonNodeFactory.instance
          .objectNode()
          .put("strategy", strategy)
          .put("visited", visited)
          .put("exhausted", exhausted)
          .put("cached", cached)
          .toString();
    }
  }
}
