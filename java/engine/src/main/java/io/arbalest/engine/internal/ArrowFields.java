package io.arbalest.engine.internal;

import io.arbalest.engine.ElementType;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** The schemas of what goes in and comes out, by the names that {@code arbalest.h} gives. */
public final class ArrowFields {
  private static final ArrowType INT64 = new ArrowType.Int(64, true);
  private static final ArrowType FLOAT16 = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private ArrowFields() {}

  /** {@code id: int64}. */
  public static Field ids() {
    return new Field("id", FieldType.notNullable(INT64), List.of());
  }

  /** {@code vector: fixed_size_list<float32>[dimension]}. */
  public static Field floats(int dimension) {
    Field item = new Field("item", FieldType.notNullable(FLOAT32), List.of());
    return new Field(
        "vector", FieldType.notNullable(new ArrowType.FixedSizeList(dimension)), List.of(item));
  }

  /** The field of a caller's vectors under the name that the library expects. */
  public static Field vectors(Field field) {
    return new Field("vector", field.getFieldType(), field.getChildren());
  }

  /** {@code struct<id: int64, vector: …>}. */
  public static Field batch(Field vectors) {
    return new Field(
        "batch",
        FieldType.notNullable(ArrowType.Struct.INSTANCE),
        List.of(ids(), vectors(vectors)));
  }

  /** {@code query: uint32}. */
  public static Field query() {
    return new Field("query", FieldType.notNullable(new ArrowType.Int(32, false)), List.of());
  }

  /** {@code distance: float32}. */
  public static Field distance() {
    return new Field("distance", FieldType.notNullable(FLOAT32), List.of());
  }

  /** {@code vector: fixed_size_list<element>[dimension]}, null where an id does not live. */
  public static Field stored(ElementType element, int dimension) {
    ArrowType type = element == ElementType.FLOAT16 ? FLOAT16 : FLOAT32;
    Field item = new Field("item", FieldType.notNullable(type), List.of());
    return new Field(
        "vector", FieldType.nullable(new ArrowType.FixedSizeList(dimension)), List.of(item));
  }
}
