package io.arbalest.store;

import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.query.ResultSchema;
import io.arbalest.store.query.ScanRun;
import io.arbalest.store.shard.Shard;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A scan in progress: {@code while (cursor.next()) use(cursor.root());}. The root is refilled by
 * each {@link #next()}. Not thread-safe; writes to the dataset may go on. If the dataset is closed
 * meanwhile, {@link #next()} is refused (UNAVAILABLE).
 */
public final class ScanCursor implements AutoCloseable {
  private final Shard shard;
  private final ResultSchema schema;
  private final VectorSchemaRoot root;
  private final ScanRun run;

  ScanCursor(
      Shard shard, ResultSchema schema, BoundFilter filter, long limit, BufferAllocator allocator) {
    this.shard = shard;
    this.schema = schema;
    this.run = shard.read(state -> new ScanRun(state, schema, filter, limit, allocator));
    this.root = VectorSchemaRoot.create(schema.schema(), allocator);
  }

  /** The columns of {@link #root()}: {@code id}, the requested columns, then {@code vector}. */
  public Schema schema() {
    return schema.schema();
  }

  /** Fills the root with the next rows; false when there are none left. */
  public boolean next() {
    root.clear();
    return shard.read(state -> run.fill(root));
  }

  /** The current rows; owned by this cursor. */
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public void close() {
    root.close();
  }
}
