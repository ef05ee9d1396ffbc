package io.arbalest.store.cache;

import io.arbalest.store.SearchAnswer;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.batch.BatchCodec;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** An answer as bytes: an Arrow IPC message without its schema, and how it was found. */
final class CachedAnswer {
  /** A field's objects, estimated. */
  private static final int FIELD_BYTES = 250;

  private final Schema schema;
  private final byte[] batch;
  private final String strategy;
  private final boolean exhausted;
  private final int weight;

  private CachedAnswer(Schema schema, byte[] batch, SearchAnswer answer, int weight) {
    this.schema = schema;
    this.batch = batch;
    this.strategy = answer.strategy();
    this.exhausted = answer.exhausted();
    this.weight = weight;
  }

  /**
   * A copy of an answer, which stays the caller's; null if it is too large to be remembered.
   *
   * @param allocator lends memory for the call
   */
  static CachedAnswer of(QueryKey key, SearchAnswer answer, BufferAllocator allocator) {
    VectorSchemaRoot root = answer.root();
    long other = key.weight() + (long) FIELD_BYTES * root.getFieldVectors().size();
    if (other + bytes(root) > StoreLimits.CACHED_BYTES_MAX) {
      return null;
    }
    byte[] batch;
    try (ArrowBuf message = BatchCodec.encode(root, allocator)) {
      batch = new byte[(int) message.writerIndex()];
      message.getBytes(0, batch);
    }
    return new CachedAnswer(root.getSchema(), batch, answer, (int) (other + batch.length));
  }

  private static long bytes(VectorSchemaRoot root) {
    return root.getFieldVectors().stream().mapToLong(vector -> vector.getBufferSize()).sum();
  }

  /** Memory on the heap, with its key: exact for the bytes, estimated for the rest. */
  int weight() {
    return weight;
  }

  /** A copy for a caller, who closes it. */
  SearchAnswer copyTo(BufferAllocator allocator) {
    try (ArrowBuf message = allocator.buffer(batch.length)) {
      message.setBytes(0, batch);
      message.writerIndex(batch.length);
      VectorSchemaRoot root = BatchCodec.decode(message, schema, allocator);
      return SearchAnswer.remembered(root, strategy, exhausted);
    }
  }
}
