package io.arbalest.server.flight;

import io.arbalest.store.Dataset;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;

/** DoGet of a search: the queries are in the ticket. */
final class SearchHandler {
  private final Room room;

  SearchHandler(Room room) {
    this.room = room;
  }

  /** Answers the ticket. */
  void run(SearchTicket ticket, BatchSender out, BufferAllocator allocator) {
    Dataset dataset = room.store().dataset(ticket.dataset());
    QueryRunner runner = new QueryRunner(dataset, ticket, room.limits(), room.metrics(), allocator);
    if (ticket.vectors() == null) {
      runner.answer(null, null, 0, out);
      return;
    }
    try (FieldVector queries = queries(ticket.vectors(), allocator);
        FieldVector keys = numbers(0, queries.getValueCount(), allocator)) {
      runner.answer(queries, keys, 0, out);
    }
  }

  /** Keys for queries that have none: their numbers. */
  static UInt4Vector numbers(long first, int count, BufferAllocator allocator) {
    UInt4Vector keys =
        new UInt4Vector("query", FieldType.notNullable(new ArrowType.Int(32, false)), allocator);
    keys.allocateNew(count);
    for (int row = 0; row < count; row++) {
      keys.set(row, (int) (first + row));
    }
    keys.setValueCount(count);
    return keys;
  }

  private static FixedSizeListVector queries(float[][] rows, BufferAllocator allocator) {
    int dimension = rows[0].length;
    FixedSizeListVector list = FixedSizeListVector.empty("vector", dimension, allocator);
    ArrowType single = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    Float4Vector child =
        (Float4Vector) list.addOrGetVector(FieldType.notNullable(single)).getVector();
    list.setInitialCapacity(rows.length);
    list.allocateNew();
    for (int row = 0; row < rows.length; row++) {
      list.setNotNull(row);
      for (int i = 0; i < dimension; i++) {
        child.setSafe(row * dimension + i, rows[row][i]);
      }
    }
    list.setValueCount(rows.length);
    return list;
  }
}
