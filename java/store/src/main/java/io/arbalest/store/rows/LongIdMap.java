package io.arbalest.store.rows;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;

/** Ids of type int64. */
final class LongIdMap extends IdMap {
  private final FixedColumn ids;
  private final Long2IntOpenHashMap rows = new Long2IntOpenHashMap();

  LongIdMap(FixedColumn ids) {
    this.ids = ids;
    rows.defaultReturnValue(NONE);
  }

  @Override
  public int put(int row) {
    return rows.put(ids.getLong(row), row);
  }

  @Override
  public int remove(FieldVector vector, int index) {
    return rows.remove(((BigIntVector) vector).get(index));
  }

  @Override
  public int find(Object id) {
    return rows.get(((Long) id).longValue());
  }

  @Override
  public int size() {
    return rows.size();
  }

  @Override
  public long bytes() {
    return HashMemory.estimate(rows.size());
  }
}
