package io.arbalest.store.rows;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Ids and metadata of a dataset by row number, and which rows are deleted. Rows are numbered from 0
 * in the order of their writing and never move.
 *
 * <p>One thread writes. {@link #rows()} publishes: a reader that has seen a row below it may read
 * that row without a lock.
 */
public final class RowStore implements AutoCloseable {
  private final Column ids;
  private volatile List<Column> columns;
  private final BufferAllocator allocator;
  private final RowBits deleted = new RowBits();
  private volatile int rows;
  private volatile int deletedRows;

  public RowStore(Field id, List<Field> metadata, BufferAllocator allocator) {
    ids = Column.create(id, allocator);
    this.allocator = allocator;
    columns = metadata.stream().map(field -> Column.create(field, allocator)).toList();
  }

  /**
   * Adds columns that are null in every row there is.
   *
   * @param fields nullable
   */
  public void addColumns(List<Field> fields) {
    List<Column> added = new ArrayList<>();
    try {
      for (Field field : fields) {
        Column column = Column.create(field, allocator);
        added.add(column);
        column.reserve(rows);
      }
    } catch (RuntimeException e) {
      added.forEach(Column::close);
      throw e;
    }
    added.addAll(0, columns);
    columns = List.copyOf(added);
  }

  /** Takes back what {@link #addColumns} added last, before anybody knew of it. */
  public void removeColumns(int count) {
    List<Column> all = columns;
    int left = all.size() - count;
    columns = List.copyOf(all.subList(0, left));
    all.subList(left, all.size()).forEach(Column::close);
  }

  /**
   * Adds rows and publishes them.
   *
   * @param id the ids, without nulls
   * @param metadata a vector a column, in the order of the columns; the last ones may be missing,
   *     and are null then
   */
  public void append(FieldVector id, List<FieldVector> metadata) {
    int first = rows;
    int end = Math.addExact(first, id.getValueCount());
    deleted.reserve(end);
    ids.append(id, first);
    for (int i = 0; i < columns.size(); i++) {
      if (i < metadata.size()) {
        columns.get(i).append(metadata.get(i), first);
      } else {
        columns.get(i).reserve(end);
      }
    }
    rows = end;
  }

  /** Marks a row as deleted; it did live. */
  public void delete(int row) {
    deleted.set(row);
    deletedRows = deletedRows + 1; // one thread writes
  }

  /** Rows written, deleted ones included. */
  public int rows() {
    return rows;
  }

  /** Rows that are not deleted. */
  public int liveRows() {
    return rows - deletedRows;
  }

  /** Whether a published row is deleted. */
  public boolean isDeleted(int row) {
    return deleted.get(row);
  }

  /** Which rows below {@code count} are deleted, one bit a row. */
  public long[] deletedWords(int count) {
    return deleted.toWords(count);
  }

  /** Clears the bits of deleted rows: bit {@code r % 64} of word {@code r / 64} is row r. */
  public void takeOutDeleted(long[] words) {
    deleted.takeOut(words);
  }

  /** How many rows are deleted. */
  public int deletedRows() {
    return deletedRows;
  }

  /** The values of a metadata column. */
  public ColumnReader reader(int column) {
    return (ColumnReader) columns.get(column); // as every kind of column is
  }

  /** The column of ids. */
  Column ids() {
    return ids;
  }

  /** Copies the ids of rows to {@code target}, from index {@code at}. */
  public void gatherIds(int[] rowNumbers, int count, FieldVector target, int at) {
    ids.gather(rowNumbers, count, target, at);
  }

  /** Copies the values of a metadata column to {@code target}, from index {@code at}. */
  public void gather(int column, int[] rowNumbers, int count, FieldVector target, int at) {
    columns.get(column).gather(rowNumbers, count, target, at);
  }

  /** Bytes of memory. */
  public long bytes() {
    long sum = ids.bytes();
    for (Column column : columns) {
      sum += column.bytes();
    }
    return sum;
  }

  @Override
  public void close() {
    ids.close();
    columns.forEach(Column::close);
  }
}
