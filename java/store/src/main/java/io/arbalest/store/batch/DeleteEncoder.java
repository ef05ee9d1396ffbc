package io.arbalest.store.batch;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.rows.RowStore;
import io.arbalest.store.schema.ColumnTypes;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Schema;

/** Makes a log payload of the ids that a client deletes. Thread-safe. */
public final class DeleteEncoder {
  private static final int CHUNK_ROWS = 4096;

  private final DatasetSpec spec;
  private final IdType type;

  public DeleteEncoder(DatasetSpec spec) {
    this.spec = spec;
    this.type = spec.idType();
  }

  /** The schema of the payload. */
  public static Schema schema(DatasetSpec spec) {
    return new Schema(List.of(spec.idField()));
  }

  /**
   * The payload of a delete.
   *
   * @return memory of the allocator from 0 to its writer index, to be closed by the caller
   * @throws StoreException INVALID_ARGUMENT if the ids are of another type, null or too many
   */
  public ArrowBuf encode(FieldVector ids, BufferAllocator allocator) {
    if (!ids.getField().getType().equals(type.arrowType())
        || ids.getField().getDictionary() != null) {
      throw StoreException.invalid(
          "ids: found %s, allowed %s", ColumnTypes.describe(ids.getField()), type.wireName());
    }
    int rows = ids.getValueCount();
    if (rows < 1 || rows > StoreLimits.BATCH_ROWS_MAX) {
      throw StoreException.invalid(
          "ids: found %d, allowed 1..%d", rows, StoreLimits.BATCH_ROWS_MAX);
    }
    PutEncoder.checkIds(ids, type);
    BatchCodec.Parts parts = new BatchCodec.Parts(rows, allocator);
    parts.add(ids);
    return BatchCodec.encode(parts);
  }

  /**
   * The payload of a delete of rows: their ids.
   *
   * @return memory of the allocator from 0 to its writer index, to be closed by the caller
   * @throws StoreException RESOURCE_EXHAUSTED if the ids are more than a write may have
   */
  public ArrowBuf encode(RowStore rows, RowFilter selected, BufferAllocator allocator) {
    try (FieldVector ids = spec.idField().createVector(allocator)) {
      ids.setInitialCapacity(Math.max(1, selected.cardinality()));
      ids.allocateNew();
      int[] chunk = new int[CHUNK_ROWS];
      int done = 0;
      for (int row = selected.next(0); row >= 0; ) {
        int count = 0;
        for (; row >= 0 && count < CHUNK_ROWS; row = selected.next(row + 1)) {
          chunk[count++] = row;
        }
        rows.gatherIds(chunk, count, ids, done);
        done += count;
        if (ids.getBufferSizeFor(done) > StoreLimits.BATCH_BYTES_MAX) {
          throw StoreException.exhausted(
              "delete: the ids of %d rows have more than %d bytes: delete them in several parts",
              selected.cardinality(), StoreLimits.BATCH_BYTES_MAX);
        }
      }
      ids.setValueCount(done);
      BatchCodec.Parts parts = new BatchCodec.Parts(done, allocator);
      parts.add(ids);
      return BatchCodec.encode(parts);
    }
  }
}
