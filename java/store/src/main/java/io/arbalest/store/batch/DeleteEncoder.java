package io.arbalest.store.batch;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.schema.ColumnTypes;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Schema;

/** Makes a log payload of the ids that a client deletes. Thread-safe. */
public final class DeleteEncoder {
  private final IdType type;

  public DeleteEncoder(IdType type) {
    this.type = type;
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
}
