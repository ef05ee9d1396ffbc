package io.arbalest.engine.internal;

import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** The schemas of what goes in, by the names that {@code arbalest.h} gives. */
public final class InputFields {
  private static final ArrowType INT64 = new ArrowType.Int(64, true);
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private InputFields() {}

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
}
