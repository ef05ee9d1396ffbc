package io.arbalest.server.flight;

import io.arbalest.store.Dataset;
import io.arbalest.store.StoreException;
import io.arbalest.store.join.KnnJoin;
import io.arbalest.store.join.Tile;
import io.arbalest.store.join.TileSource;
import io.arbalest.store.schema.ColumnTypes;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * DoExchange of a {@code knn-join}: its left rows stream in, a batch a tile, as a column {@code
 * vector} and a column {@code query} that names them; without it they are numbered.
 */
final class JoinExchange implements TileSource {
  private static final Field NUMBER =
      new Field("query", FieldType.notNullable(new ArrowType.Int(32, false)), null);

  private final Inbound inbound;
  private final int dimension;
  private final BufferAllocator allocator;
  private Queries batch;
  private FieldVector numbers;
  private boolean batchIsNew;
  private long rows;

  private JoinExchange(Inbound inbound, int dimension, BufferAllocator allocator) {
    this.inbound = inbound;
    this.dimension = dimension;
    this.allocator = allocator;
    read();
    batchIsNew = true;
  }

  /** Answers the whole stream. */
  static void run(
      Room room,
      Call call,
      JoinTicket.KnnJoin ticket,
      Inbound inbound,
      BatchSender out,
      BufferAllocator allocator) {
    Dataset right = room.store().dataset(ticket.right());
    try (JoinExchange left = new JoinExchange(inbound, right.spec().dimension(), allocator);
        KnnJoin join = KnnJoin.ofSource(left, right, ticket.request(), allocator)) {
      JoinHandler.send(call, join, out, allocator);
    }
  }

  @Override
  public Field ids() {
    return batch == null || batch.keys == null ? NUMBER : batch.keys.getField();
  }

  @Override
  public Tile next() {
    if (!batchIsNew) {
      read();
    }
    batchIsNew = false;
    return batch == null
        ? null
        : new Tile(batch.keys == null ? numbers : batch.keys, (FixedSizeListVector) batch.vectors);
  }

  /** Takes the next batch that has rows; null at the end. */
  private void read() {
    close();
    do {
      batch = inbound.next(root -> Queries.take(root, allocator));
    } while (isEmpty());
    if (batch != null) {
      check((FixedSizeListVector) batch.vectors);
      numbers = SearchHandler.numbers(rows, batch.count(), allocator);
      rows += batch.count();
    }
  }

  private boolean isEmpty() {
    if (batch != null && batch.count() == 0) {
      batch.close();
      batch = null;
      return true;
    }
    return false;
  }

  private void check(FixedSizeListVector vectors) {
    int found = ColumnTypes.vectorDimension(vectors.getField());
    if (found != dimension) {
      throw StoreException.invalid(
          "column 'vector': found dimension %d, allowed %d", found, dimension);
    }
    for (int i = 0; i < vectors.getValueCount(); i++) {
      if (vectors.isNull(i)) {
        throw StoreException.invalid("column 'vector': row %d: found a null vector", rows + i);
      }
    }
    FieldVector components = vectors.getDataVector();
    if (components.getNullCount() > 0) {
      throw StoreException.invalid(
          "column 'vector': found %d null components, allowed none", components.getNullCount());
    }
  }

  @Override
  public void close() {
    if (batch != null) {
      batch.close();
      batch = null;
    }
    if (numbers != null) {
      numbers.close();
      numbers = null;
    }
  }
}
