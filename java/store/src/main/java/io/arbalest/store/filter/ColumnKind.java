package io.arbalest.store.filter;

import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Column types by what a filter may ask of them. */
enum ColumnKind {
  BOOL("= != in is_null", IndexKind.AUTO, IndexKind.BITMAP, IndexKind.NONE),
  INTEGER(
      "= != < <= > >= in between is_null",
      IndexKind.AUTO,
      IndexKind.RANGE,
      IndexKind.BITMAP,
      IndexKind.NONE),
  FLOATING(
      "= != < <= > >= in between is_null",
      IndexKind.AUTO,
      IndexKind.RANGE,
      IndexKind.BITMAP,
      IndexKind.NONE),
  TIME(
      "= != < <= > >= in between is_null",
      IndexKind.AUTO,
      IndexKind.RANGE,
      IndexKind.BITMAP,
      IndexKind.NONE),
  TEXT(
      "= != < <= > >= in between is_null contains",
      IndexKind.AUTO,
      IndexKind.BITMAP,
      IndexKind.EXACT,
      IndexKind.NONE),
  TEXT_LIST("contains is_null", IndexKind.AUTO, IndexKind.BITMAP, IndexKind.EXACT, IndexKind.NONE);

  private final String ops;
  private final List<IndexKind> indexes;

  ColumnKind(String ops, IndexKind... indexes) {
    this.ops = ops;
    this.indexes = List.of(indexes);
  }

  /** The kind of a metadata column that a dataset may have. */
  static ColumnKind of(Field column) {
    ArrowType type = column.getType();
    return switch (type.getTypeID()) {
      case Bool -> BOOL;
      case Int -> INTEGER;
      case FloatingPoint -> FLOATING;
      case Date, Timestamp -> TIME;
      case Utf8 -> TEXT;
      case List -> TEXT_LIST;
      default -> throw new IllegalArgumentException("a column of type " + type);
    };
  }

  /** The operators that a filter may apply, as the wire writes them. */
  String ops() {
    return ops;
  }

  /** The indexes that such a column may have. */
  List<IndexKind> indexes() {
    return indexes;
  }
}
