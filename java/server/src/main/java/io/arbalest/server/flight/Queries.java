package io.arbalest.server.flight;

import io.arbalest.store.StoreException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.TransferPair;

/** One batch of queries, out of Flight's hands: Flight frees its own when the client leaves. */
final class Queries implements AutoCloseable {
  private static final String VECTOR = "vector";
  private static final String QUERY = "query";

  final FieldVector vectors;
  final FieldVector keys;

  private Queries(FieldVector vectors, FieldVector keys) {
    this.vectors = vectors;
    this.keys = keys;
  }

  static Queries take(VectorSchemaRoot root, BufferAllocator allocator) {
    check(root.getSchema());
    FieldVector keys = root.getVector(QUERY);
    return new Queries(
        transfer(root.getVector(VECTOR), allocator),
        keys == null ? null : transfer(keys, allocator));
  }

  int count() {
    return vectors.getValueCount();
  }

  @Override
  public void close() {
    vectors.close();
    if (keys != null) {
      keys.close();
    }
  }

  private static void check(Schema schema) {
    boolean found = false;
    for (Field field : schema.getFields()) {
      boolean vector = field.getName().equals(VECTOR);
      if (!vector && !field.getName().equals(QUERY)) {
        throw StoreException.invalid(
            "column '%s': found in a batch of queries, allowed vector, query", field.getName());
      }
      found |= vector;
    }
    if (!found) {
      throw StoreException.invalid("column 'vector': missing in a batch of queries");
    }
  }

  private static FieldVector transfer(FieldVector vector, BufferAllocator allocator) {
    TransferPair pair = vector.getTransferPair(vector.getField(), allocator);
    pair.transfer();
    return (FieldVector) pair.getTo();
  }
}
