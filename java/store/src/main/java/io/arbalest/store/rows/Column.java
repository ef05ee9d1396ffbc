package io.arbalest.store.rows;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The values of one column, off the heap, by row number. Rows are added at the end by one thread
 * and never move or change, so any thread may read rows that {@link RowStore} has published.
 */
abstract sealed class Column implements AutoCloseable permits FixedColumn, BytesColumn {
  private final Field field;

  Column(Field field) {
    this.field = field;
  }

  static Column create(Field field, BufferAllocator allocator) {
    ArrowType type = field.getType();
    return switch (type.getTypeID()) {
      case Utf8 -> new Utf8Column(field, allocator);
      case List -> new Utf8ListColumn(field, allocator);
      case Bool -> new FixedColumn(field, allocator, 1);
      case Int -> new FixedColumn(field, allocator, ((ArrowType.Int) type).getBitWidth() / 8);
      case FloatingPoint ->
          switch (((ArrowType.FloatingPoint) type).getPrecision()) {
            case HALF -> new FixedColumn(field, allocator, 2);
            case SINGLE -> new FixedColumn(field, allocator, 4);
            case DOUBLE -> new FixedColumn(field, allocator, 8);
          };
      case Date ->
          switch (((ArrowType.Date) type).getUnit()) {
            case DAY -> new FixedColumn(field, allocator, 4);
            case MILLISECOND -> new FixedColumn(field, allocator, 8);
          };
      case Timestamp -> new FixedColumn(field, allocator, 8);
      default -> throw new IllegalArgumentException("a column of type " + type);
    };
  }

  final Field field() {
    return field;
  }

  /** Makes room for rows below {@code rows}; they are null until they are appended. */
  abstract void reserve(int rows);

  /** Adds all values of a vector of this column's type as rows {@code firstRow}, ... */
  abstract void append(FieldVector source, int firstRow);

  /**
   * Copies the values of some rows.
   *
   * @param rows row numbers; the first {@code count} are used
   * @param target a vector of this column's type; grown as needed, its value count is left alone
   * @param at index in {@code target} of the first value
   */
  abstract void gather(int[] rows, int count, FieldVector target, int at);

  /** Bytes of memory. */
  abstract long bytes();

  @Override
  public abstract void close();
}
