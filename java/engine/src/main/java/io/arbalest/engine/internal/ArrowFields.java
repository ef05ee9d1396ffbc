package io.arbalest.engine.internal;

import io.arbalest.engine.ElementType;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The schemas of what comes out, by the names that {@code arbalest.h} gives. */
final class ArrowFields {
  private static final ArrowType FLOAT16 = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  static final Field QUERY = column("query", new ArrowType.Int(32, false));
  static final Field ID = column("id", new ArrowType.Int(64, true));
  static final Field DISTANCE = column("distance", FLOAT32);

  /** The answer of a search. */
  static final Schema HITS = new Schema(List.of(QUERY, ID, DISTANCE));

  private ArrowFields() {}

  private static Field column(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), List.of());
  }

  /** {@code vector: fixed_size_list<element>[dimension]}, null where an id does not live. */
  static Field stored(ElementType element, int dimension) {
    Field item = column("item", element == ElementType.FLOAT16 ? FLOAT16 : FLOAT32);
    return new Field(
        "vector", FieldType.nullable(new ArrowType.FixedSizeList(dimension)), List.of(item));
  }
}
