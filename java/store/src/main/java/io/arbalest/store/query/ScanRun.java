package io.arbalest.store.query;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.VectorsAs;
import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.shard.ShardState;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Walks over the rows that were there at its start, in the order of their writing. */
public final class ScanRun {
  private final ShardState state;
  private final ResultSchema schema;
  private final BufferAllocator allocator;
  private final RowFilter selected; // null: all rows
  private final int end;
  private final int[] rows;
  private long left;
  private int next;

  /**
   * Begins a scan; see {@link io.arbalest.store.Dataset#scan}.
   *
   * @param filter null: all rows
   */
  public ScanRun(
      ShardState state,
      ResultSchema schema,
      BoundFilter filter,
      long limit,
      BufferAllocator allocator) {
    this.state = state;
    this.schema = schema;
    this.allocator = allocator;
    this.left = limit;
    this.selected = filter == null ? null : state.selectNow(filter);
    this.end = selected == null ? state.applied().rows() : selected.rows();
    this.rows = new int[batchRows(state.spec(), schema)];
  }

  private static int batchRows(DatasetSpec spec, ResultSchema schema) {
    if (schema.vectorsAs() == VectorsAs.NONE) {
      return StoreLimits.SCAN_BATCH_ROWS_MAX;
    }
    int bytes = spec.dimension() * Float.BYTES;
    int fitting = StoreLimits.SCAN_BATCH_BYTES_MAX / bytes;
    return Math.max(1, Math.min(StoreLimits.SCAN_BATCH_ROWS_MAX, fitting));
  }

  /** Fills an empty root with the next live rows; false if there are none. */
  public boolean fill(VectorSchemaRoot root) {
    try {
      while (left > 0 && next < end) {
        int count = collect();
        if (count > 0 && copy(count, root)) {
          left -= root.getRowCount();
          return true;
        }
      }
      return false;
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    }
  }

  private int collect() {
    int most = (int) Math.min(left, rows.length);
    int count = 0;
    for (seek(); count < most && next < end; seek()) {
      if (!state.rows().isDeleted(next)) {
        rows[count++] = next;
      }
      next++;
    }
    return count;
  }

  /** From the next row to the next that is wanted; to the end if there is none. */
  private void seek() {
    if (selected != null) {
      int wanted = selected.next(next);
      next = wanted < 0 ? end : wanted;
    }
  }

  private boolean copy(int count, VectorSchemaRoot root) {
    RowReader reader = new RowReader(state, schema, root);
    reader.reserve(count);
    int found = keepLiving(count, reader);
    reader.copyColumns(rows, found, root.getVector(0), 0);
    root.setRowCount(found);
    return found > 0;
  }

  /** Writes the vectors of rows; those that were deleted a moment ago are left out. */
  private int keepLiving(int count, RowReader reader) {
    int left = count;
    while (!reader.writeVectors(rows, left, 0, allocator)) {
      int kept = 0;
      for (int i = 0; i < left; i++) {
        if (!reader.isVectorNull(i)) {
          rows[kept++] = rows[i];
        }
      }
      left = kept;
    }
    return left;
  }
}
