package io.arbalest.store.shard;

import io.arbalest.engine.Codes;
import io.arbalest.engine.VectorIndex;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.DatasetFilters;
import io.arbalest.store.filter.FilterCache;
import io.arbalest.store.filter.MetadataIndex;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.filter.SelectedRows;
import io.arbalest.store.rows.IdMap;
import io.arbalest.store.rows.RowStore;
import io.arbalest.store.text.TextIndex;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntList;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What the log's writes amount to: rows, the map from ids to rows, and the index over them. A row's
 * number is its id in the index.
 *
 * <p>One thread applies writes. An upsert is a new row and the deletion of the old one, and a
 * search must not see both or neither. Searches take no lock for that: they read an optimistic
 * stamp, and repeat if rows were replaced or deleted meanwhile; see {@link #replacing()}.
 */
public final class ShardState implements AutoCloseable {
  private volatile DatasetSpec spec;
  private final BufferAllocator allocator;
  private final VectorIndex index;
  private final RowStore rows;
  private final MetadataIndex metadata;
  private final DatasetFilters filters;
  private final IdMap ids;
  private final ReadWriteLock idLock = new ReentrantReadWriteLock();
  private final StampedLock replacing = new StampedLock();
  private TextIndex text; // null: the dataset has no text columns, or recovery is at work
  private volatile Applied applied;
  private volatile CodesSeen codesSeen = new CodesSeen(null, 0, false);
  private final AtomicInteger freezes = new AtomicInteger();

  /** What the index said of its codes, which it makes when it is written or frozen. */
  private record CodesSeen(Applied applied, int freezes, boolean some) {}

  ShardState(
      DatasetSpec spec,
      BufferAllocator allocator,
      VectorIndex index,
      RowStore rows,
      IdMap ids,
      FilterCache filterCache,
      long sequence) {
    this.spec = spec;
    this.allocator = allocator;
    this.index = index;
    this.rows = rows;
    this.metadata = new MetadataIndex(rows, spec.columns());
    this.ids = ids;
    this.applied = new Applied(sequence, rows.rows(), rows.liveRows());
    this.filters = filterCache.open(metadata, index, () -> applied.rows(), replacing::validate);
  }

  /** From here on writes go to the index of texts too, which has all of them up to now. */
  void openText(TextIndex index) {
    text = index;
  }

  /**
   * Takes another set of columns: those there are and some more, nullable ones. Called by the one
   * writing thread.
   *
   * @param durable makes the new set durable, once there is memory for it
   */
  void addColumns(DatasetSpec wider, ColumnsSync durable) throws IOException {
    List<Field> added = wider.columns().subList(spec.columns().size(), wider.columns().size());
    rows.addColumns(added);
    try {
      durable.run(wider);
    } catch (IOException | RuntimeException e) {
      rows.removeColumns(added.size());
      throw e;
    }
    metadata.addColumns(added);
    spec = wider; // last, so that whoever knows of a column finds it
  }

  /** Makes a set of columns durable. */
  @FunctionalInterface
  interface ColumnsSync {
    void run(DatasetSpec spec) throws IOException;
  }

  /**
   * Adds the rows of a batch in the dataset's own schema, the columns added last perhaps missing.
   * Called by the one writing thread.
   */
  void applyPut(long sequence, VectorSchemaRoot batch) {
    List<FieldVector> columns = batch.getFieldVectors();
    int first = rows.rows();
    int count = batch.getRowCount();
    List<FieldVector> values = columns.subList(2, columns.size());
    // First the columns, so that whoever finds a row in the index can read it here; last the texts,
    // so that whoever finds a row by its text finds it in the index.
    rows.append(columns.get(0), values);
    metadata.rowsAdded();
    LongArrayList replaced = new LongArrayList();
    idLock.writeLock().lock();
    try (BigIntVector numbers = numbers(first, count)) {
      for (int i = 0; i < count; i++) {
        int old = ids.put(first + i);
        if (old != IdMap.NONE) {
          replaced.add(old);
        }
      }
      FixedSizeListVector vectors = (FixedSizeListVector) columns.get(1);
      if (replaced.isEmpty()) {
        index.append(numbers, vectors);
        addTexts(sequence, first, values);
        applied = new Applied(sequence, rows.rows(), rows.liveRows());
      } else {
        long stamp = replacing.writeLock();
        try {
          index.append(numbers, vectors);
          addTexts(sequence, first, values);
          delete(sequence, replaced);
          applied = new Applied(sequence, rows.rows(), rows.liveRows());
        } finally {
          replacing.unlockWrite(stamp);
        }
      }
    } finally {
      idLock.writeLock().unlock();
    }
  }

  /**
   * Deletes the rows of some ids. Called by the one writing thread.
   *
   * @return how many of the ids lived
   */
  int applyDelete(long sequence, FieldVector idVector) {
    LongArrayList gone = new LongArrayList();
    idLock.writeLock().lock();
    try {
      for (int i = 0; i < idVector.getValueCount(); i++) {
        int row = ids.remove(idVector, i);
        if (row != IdMap.NONE) {
          gone.add(row);
        }
      }
      if (gone.isEmpty()) {
        applied = new Applied(sequence, rows.rows(), rows.liveRows());
      } else {
        long stamp = replacing.writeLock();
        try {
          delete(sequence, gone);
          applied = new Applied(sequence, rows.rows(), rows.liveRows());
        } finally {
          replacing.unlockWrite(stamp);
        }
      }
    } finally {
      idLock.writeLock().unlock();
    }
    return gone.size();
  }

  private void addTexts(long sequence, int firstRow, List<FieldVector> values) {
    if (text != null) {
      text.add(sequence, firstRow, values);
    }
  }

  /** While {@link #replacing()} is held: filters read here what lives, searches in the index. */
  private void delete(long sequence, LongArrayList gone) {
    index.delete(gone.toLongArray());
    if (text != null) {
      IntList numbers = new IntArrayList(gone.size());
      gone.forEach(row -> numbers.add((int) row));
      text.delete(sequence, numbers);
    }
    for (int i = 0; i < gone.size(); i++) {
      rows.delete((int) gone.getLong(i));
    }
  }

  private BigIntVector numbers(int first, int count) {
    BigIntVector numbers = new BigIntVector("row", allocator);
    numbers.allocateNew(count);
    for (int i = 0; i < count; i++) {
      numbers.set(i, first + i);
    }
    numbers.setValueCount(count);
    return numbers;
  }

  /** The live row of an id (a {@code Long} or {@code String}), or {@link IdMap#NONE}. */
  public int findRow(Object id) {
    idLock.readLock().lock();
    try {
      return ids.find(id);
    } finally {
      idLock.readLock().unlock();
    }
  }

  /**
   * Held for writing while rows are replaced or deleted. A search whose stamp is still valid at its
   * end has seen each id exactly once.
   */
  public StampedLock replacing() {
    return replacing;
  }

  /** Packs the graph; see {@link VectorIndex#freeze}. */
  public void freeze() {
    index.freeze();
    freezes.incrementAndGet();
  }

  /** Whether searches may read codes; asks the index only where that may have changed. */
  public boolean hasCodes() {
    CodesSeen seen = codesSeen;
    Applied now = applied;
    int frozen = freezes.get();
    if (seen.applied() != now || seen.freezes() != frozen) {
      seen = new CodesSeen(now, frozen, index.stats().codes() != Codes.NONE);
      codesSeen = seen;
    }
    return seen.some();
  }

  /** How far writes are applied. */
  public Applied applied() {
    return applied;
  }

  public DatasetSpec spec() {
    return spec;
  }

  public VectorIndex index() {
    return index;
  }

  public RowStore rows() {
    return rows;
  }

  /** The indexes of the metadata columns. */
  public MetadataIndex metadata() {
    return metadata;
  }

  /**
   * The rows that match a filter, as a search sees them that begins now: to be called, as the
   * search is, while {@link #replacing()} is held for reading or its stamp is validated afterwards.
   *
   * @param stamp of {@link #replacing()}
   * @return to be closed by the caller
   */
  public SelectedRows select(BoundFilter filter, long stamp) {
    return filters.select(filter, stamp);
  }

  /** The rows that match a filter now. */
  public RowFilter selectNow(BoundFilter filter) {
    long stamp = replacing.tryOptimisticRead();
    if (stamp != 0) {
      try (SelectedRows selected = select(filter, stamp)) {
        if (replacing.validate(stamp)) {
          return selected.rows();
        }
      }
    }
    stamp = replacing.readLock();
    try (SelectedRows selected = select(filter, stamp)) {
      return selected.rows();
    } finally {
      replacing.unlockRead(stamp);
    }
  }

  /** What filters selected, and is kept. */
  public DatasetFilters filters() {
    return filters;
  }

  /** The index of texts; null: the dataset has no text columns. */
  public TextIndex text() {
    return text;
  }

  /** Memory of the map from ids to rows, estimated. */
  public long idMapBytes() {
    idLock.readLock().lock();
    try {
      return ids.bytes();
    } finally {
      idLock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    if (text != null) {
      text.close();
    }
    filters.close();
    index.close();
    rows.close();
  }
}
