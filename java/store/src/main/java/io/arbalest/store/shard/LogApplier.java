package io.arbalest.store.shard;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.batch.BatchCodec;
import io.arbalest.store.batch.DeleteEncoder;
import io.arbalest.store.log.RecordType;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** Turns a record of the log into a change of the state: the same way live and in recovery. */
final class LogApplier {
  private final ShardState state;
  private final BufferAllocator allocator;
  private Schema putSchema;
  private DatasetSpec putSpec; // that it is of
  private final Schema deleteSchema;

  LogApplier(ShardState state, BufferAllocator allocator) {
    this.state = state;
    this.allocator = allocator;
    this.deleteSchema = DeleteEncoder.schema(state.spec());
  }

  /**
   * Applies a record.
   *
   * @param payload stays the caller's
   * @return ids deleted by a delete; 0 for a put
   */
  int apply(RecordType type, long sequence, ArrowBuf payload) {
    return switch (type) {
      case PUT -> {
        try (VectorSchemaRoot batch = BatchCodec.decode(payload, putSchema(), allocator)) {
          state.applyPut(sequence, batch);
        }
        yield 0;
      }
      case DELETE -> {
        try (VectorSchemaRoot ids = BatchCodec.decode(payload, deleteSchema, allocator)) {
          yield state.applyDelete(sequence, ids.getVector(0));
        }
      }
    };
  }

  /** Made once for each set of columns. */
  private Schema putSchema() {
    if (putSpec != state.spec()) {
      putSpec = state.spec();
      putSchema = putSpec.arrowSchema();
    }
    return putSchema;
  }
}
