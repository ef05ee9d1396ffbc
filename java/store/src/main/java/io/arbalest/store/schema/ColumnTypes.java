package io.arbalest.store.schema;

import io.arbalest.engine.ElementType;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Which Arrow types a dataset may have, and in what words a type is refused. */
public final class ColumnTypes {
  private static final String METADATA_ALLOWED =
      "utf8, bool, int8..64, uint8..64, float32, float64, date, timestamp, list<utf8>";
  private static final String VECTOR_ALLOWED =
      "fixed_size_list<T>[1.."
          + StoreLimits.DIMENSION_MAX
          + "], T = halffloat, float, double, int8, uint8";

  private ColumnTypes() {}

  /** Refuses a metadata column whose name or type a dataset cannot have. */
  public static void checkMetadata(Field column) {
    String name = column.getName();
    int nameBytes = name == null ? 0 : name.getBytes(StandardCharsets.UTF_8).length;
    if (nameBytes == 0 || nameBytes > StoreLimits.COLUMN_NAME_BYTES_MAX) {
      throw StoreException.invalid(
          "column name '%s': found %d bytes, allowed 1..%d",
          name, nameBytes, StoreLimits.COLUMN_NAME_BYTES_MAX);
    }
    if (column.getDictionary() != null || !isMetadataType(column)) {
      throw StoreException.invalid(
          "column '%s': found %s, allowed %s", name, describe(column), METADATA_ALLOWED);
    }
  }

  /**
   * Refuses a column of another type than the dataset's.
   *
   * @throws StoreException INVALID_ARGUMENT naming the column and both types
   */
  public static void checkSame(Field found, Field wanted) {
    boolean isSame =
        found.getDictionary() == null
            && found.getType().equals(wanted.getType())
            && (!isUtf8List(wanted) || isUtf8List(found));
    if (!isSame) {
      throw StoreException.invalid(
          "column '%s': found %s, allowed %s", found.getName(), describe(found), describe(wanted));
    }
  }

  private static boolean isMetadataType(Field column) {
    ArrowType type = column.getType();
    return switch (type.getTypeID()) {
      case Utf8, Bool, Int, Date, Timestamp -> true;
      case FloatingPoint ->
          ((ArrowType.FloatingPoint) type).getPrecision() != FloatingPointPrecision.HALF;
      case List -> isUtf8List(column);
      default -> false;
    };
  }

  /** Whether a column is {@code list<utf8>}. */
  public static boolean isUtf8List(Field column) {
    List<Field> children = column.getChildren();
    return column.getType() instanceof ArrowType.List
        && children.size() == 1
        && children.get(0).getType() instanceof ArrowType.Utf8
        && children.get(0).getDictionary() == null;
  }

  /**
   * The dimension of a column of vectors.
   *
   * @throws StoreException INVALID_ARGUMENT if it is none
   */
  public static int vectorDimension(Field column) {
    if (!(column.getType() instanceof ArrowType.FixedSizeList list)
        || column.getChildren().size() != 1
        || !isVectorChild(column.getChildren().get(0).getType())) {
      throw StoreException.invalid(
          "column '%s': found %s, allowed %s", column.getName(), describe(column), VECTOR_ALLOWED);
    }
    int dimension = list.getListSize();
    if (dimension < 1 || dimension > StoreLimits.DIMENSION_MAX) {
      throw StoreException.invalid(
          "column '%s': found dimension %d, allowed 1..%d",
          column.getName(), dimension, StoreLimits.DIMENSION_MAX);
    }
    return dimension;
  }

  private static boolean isVectorChild(ArrowType type) {
    if (type instanceof ArrowType.Int integer) {
      return integer.getBitWidth() == 8;
    }
    return type instanceof ArrowType.FloatingPoint;
  }

  /** A column of vectors in this element type. */
  public static Field vectorField(String name, ElementType element, int dimension) {
    FloatingPointPrecision precision =
        switch (element) {
          case FLOAT16 -> FloatingPointPrecision.HALF;
          case FLOAT32 -> FloatingPointPrecision.SINGLE;
        };
    Field child =
        new Field("item", FieldType.notNullable(new ArrowType.FloatingPoint(precision)), null);
    return new Field(
        name, FieldType.notNullable(new ArrowType.FixedSizeList(dimension)), List.of(child));
  }

  /** A type in words, its children included. */
  public static String describe(Field field) {
    if (field.getDictionary() != null) {
      return "dictionary<" + field.getType() + ">";
    }
    if (field.getChildren().isEmpty()) {
      return field.getType().toString();
    }
    return field.getType()
        + field.getChildren().stream().map(ColumnTypes::describe).toList().toString();
  }
}
