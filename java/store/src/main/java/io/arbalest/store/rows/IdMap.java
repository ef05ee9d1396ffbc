package io.arbalest.store.rows;

import org.apache.arrow.vector.FieldVector;

/**
 * From a live id to its row. Not thread-safe; the ids of rows that it maps to are in the {@link
 * RowStore} that it was made for.
 */
public abstract sealed class IdMap permits LongIdMap, Utf8IdMap {
  /** What stands for "no row". */
  public static final int NONE = -1;

  /** An empty map for the rows of a store. */
  public static IdMap forRows(RowStore store) {
    if (store.ids() instanceof Utf8Column texts) {
      return new Utf8IdMap(texts);
    }
    return new LongIdMap((FixedColumn) store.ids());
  }

  /** Maps a row's own id to it; returns the row that the id had, or {@link #NONE}. */
  public abstract int put(int row);

  /** Forgets an id; returns the row that it had, or {@link #NONE}. */
  public abstract int remove(FieldVector ids, int index);

  /** The row of a {@code Long} or {@code String}, or {@link #NONE}. */
  public abstract int find(Object id);

  /** How many ids live. */
  public abstract int size();

  /** Bytes of memory, estimated. */
  public abstract long bytes();
}
