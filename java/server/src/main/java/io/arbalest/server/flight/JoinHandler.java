package io.arbalest.server.flight;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.arbalest.store.Dataset;
import io.arbalest.store.join.Dedup;
import io.arbalest.store.join.KnnJoin;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Schema;

/** DoGet of a join: pairs stream out as they are found; the last batch tells how. */
final class JoinHandler {
  private final Room room;

  JoinHandler(Room room) {
    this.room = room;
  }

  /** The schema of a join's answer. */
  Schema schema(JoinTicket ticket, BufferAllocator allocator) {
    if (ticket instanceof JoinTicket.Dedup dedup) {
      return Dedup.schema(room.store().dataset(dedup.dataset()));
    }
    try (KnnJoin join = open((JoinTicket.KnnJoin) ticket, allocator)) {
      return join.schema();
    }
  }

  /** Sends the pairs. */
  void run(Call call, JoinTicket ticket, BatchSender out, BufferAllocator allocator) {
    if (ticket instanceof JoinTicket.KnnJoin knnJoin) {
      try (KnnJoin join = open(knnJoin, allocator)) {
        send(call, join, out, allocator);
      }
    } else {
      dedup(call, (JoinTicket.Dedup) ticket, out, allocator);
    }
  }

  private KnnJoin open(JoinTicket.KnnJoin ticket, BufferAllocator allocator) {
    Dataset left = room.store().dataset(ticket.left());
    Dataset right = room.store().dataset(ticket.right());
    return left.knnJoin(right, ticket.request(), allocator);
  }

  /** Sends the pairs of a join to its end. */
  static void send(Call call, KnnJoin join, BatchSender out, BufferAllocator allocator) {
    out.start(join.schema(), allocator);
    while (join.next()) {
      call.checkCancelled(); // rows without a pair send nothing that would notice
      out.send(join.root(), null);
    }
    out.send(
        join.root(),
        told(join.strategy(), join.visited()).put("exhausted", join.exhausted()).toString());
  }

  private void dedup(
      Call call, JoinTicket.Dedup ticket, BatchSender out, BufferAllocator allocator) {
    Dataset dataset = room.store().dataset(ticket.dataset());
    try (Dedup dedup = dataset.dedup(ticket.request(), allocator)) {
      out.start(dedup.root().getSchema(), allocator);
      while (dedup.next()) {
        call.checkCancelled();
        out.send(dedup.root(), null);
      }
      out.send(
          dedup.root(),
          told(dedup.strategy(), dedup.visited())
              .put("exhausted", false)
              .put("capped_rows", dedup.capped())
              .toString());
    }
  }

  private static ObjectNode told(String strategy, long visited) {
    return JsonNodeFactory.instance.objectNode().put("strategy", strategy).put("visited", visited);
  }
}
