package io.arbalest.server.flight;

import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;

/**
 * DoGet: reads the ticket and gives the call to a thread that may wait. Flight calls from the
 * thread that also delivers readiness, so a wait there would never end.
 */
final class GetHandler {
  private final Room room;
  private final SearchHandler search;
  private final ScanHandler scan;
  private final JoinHandler join;

  GetHandler(Room room) {
    this.room = room;
    this.search = new SearchHandler(room);
    this.scan = new ScanHandler(room);
    this.join = new JoinHandler(room);
  }

  void accept(Call call, Ticket ticket, ServerStreamListener listener) {
    // Registers for readiness, which is too late once this method has returned.
    BatchSender out = new BatchSender(listener, room.limits());
    room.threads().run(() -> answer(call, ticket.getBytes(), out, listener));
  }

  private void answer(Call call, byte[] ticket, BatchSender out, ServerStreamListener listener) {
    try (BufferAllocator allocator = room.callAllocator(call);
        BatchSender closing = out) {
      Object request = TicketParser.ticket(ticket);
      if (request instanceof SearchTicket searchTicket) {
        search.run(searchTicket, closing, allocator);
      } else if (request instanceof JoinTicket joinTicket) {
        join.run(call, joinTicket, closing, allocator);
      } else {
        scan.run((ScanTicket) request, closing, allocator);
      }
    } catch (Throwable e) {
      listener.error(Errors.toFlight(e, call));
      return;
    }
    listener.completed();
  }
}
