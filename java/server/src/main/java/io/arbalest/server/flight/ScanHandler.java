package io.arbalest.server.flight;

import io.arbalest.store.Dataset;
import io.arbalest.store.ScanCursor;
import org.apache.arrow.memory.BufferAllocator;

/** DoGet of a scan. */
final class ScanHandler {
  private final Room room;

  ScanHandler(Room room) {
    this.room = room;
  }

  /** Sends the rows. */
  void run(ScanTicket ticket, BatchSender out, BufferAllocator allocator) {
    Dataset dataset = room.store().dataset(ticket.dataset());
    try (ScanCursor cursor = dataset.scan(ticket.request(), allocator)) {
      out.start(cursor.schema(), allocator);
      while (cursor.next()) {
        out.send(cursor.root(), null);
      }
    }
  }
}
