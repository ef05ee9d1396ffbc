package io.arbalest.server.flight;

import io.arbalest.store.Dataset;
import io.arbalest.store.StoreException;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;

/**
 * DoExchange: queries stream in as a column {@code vector} with an optional column {@code query} of
 * keys; each batch is answered, in order, by one batch or more, the last of which tells how. A bad
 * query gets a row that says so, and spoils no other; what a batch shares (columns, type,
 * dimension) fails the call. Queries without keys are numbered through the whole stream.
 *
 * <p>One batch is in work at a time. When the reader is slow this thread waits, no further queries
 * are read, and the transport's flow control holds the sender: memory is bounded both ways.
 */
final class ExchangeHandler {
  private final Room room;

  ExchangeHandler(Room room) {
    this.room = room;
  }

  /** Reads to the stream's end, in the calling thread, which is not the one that delivers. */
  void run(Call call, FlightStream stream, ServerStreamListener listener) {
    try (BufferAllocator allocator = room.callAllocator(call);
        BatchSender out = new BatchSender(listener, room.limits())) {
      answer(call, new Inbound(call, stream), out, allocator);
    } catch (Throwable e) {
      listener.error(Errors.toFlight(e, call));
      return;
    }
    listener.completed();
  }

  private void answer(Call call, Inbound inbound, BatchSender out, BufferAllocator allocator) {
    FlightDescriptor descriptor = inbound.descriptor();
    if (!descriptor.isCommand()) {
      throw StoreException.invalid(
          "descriptor: found a path, allowed a command that holds the search object");
    }
    Object command = TicketParser.exchange(descriptor.getCommand());
    if (command instanceof JoinTicket.KnnJoin join) {
      JoinExchange.run(room, call, join, inbound, out, allocator);
    } else {
      search(call, (SearchTicket) command, inbound, out, allocator);
    }
  }

  private void search(
      Call call, SearchTicket ticket, Inbound inbound, BatchSender out, BufferAllocator allocator) {
    Dataset dataset = room.store().dataset(ticket.dataset());
    QueryRunner runner = new QueryRunner(dataset, ticket, room.limits(), room.metrics(), allocator);
    long first = 0;
    boolean more = true;
    while (more) {
      try (Queries queries = inbound.next(root -> Queries.take(root, allocator))) {
        more = queries != null;
        if (more && queries.count() > 0) {
          first += answer(runner, queries, first, out, allocator);
        }
      }
    }
    if (!out.isStarted() && !call.isCancelled()) {
      out.start(
          dataset.searchSchema(ticket.request(null, null, ticket.options().timeout())), allocator);
    }
  }

  private static int answer(
      QueryRunner runner, Queries queries, long first, BatchSender out, BufferAllocator allocator) {
    if (queries.keys != null) {
      runner.answer(queries.vectors, queries.keys, first, out);
    } else {
      try (FieldVector numbers = SearchHandler.numbers(first, queries.count(), allocator)) {
        runner.answer(queries.vectors, numbers, first, out);
      }
    }
    return queries.count();
  }
}
