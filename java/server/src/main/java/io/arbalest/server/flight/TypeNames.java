package io.arbalest.server.flight;

import io.arbalest.store.StoreException;
import io.arbalest.store.filter.IndexKind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Names for the types of metadata columns, in actions. */
final class TypeNames {
  private static final String UTF8_LIST = "list<utf8>";

  private static final Map<String, ArrowType> TYPES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("utf8", ArrowType.Utf8.INSTANCE),
              Map.entry("bool", ArrowType.Bool.INSTANCE),
              Map.entry("int8", new ArrowType.Int(8, true)),
              Map.entry("int16", new ArrowType.Int(16, true)),
              Map.entry("int32", new ArrowType.Int(32, true)),
              Map.entry("int64", new ArrowType.Int(64, true)),
              Map.entry("uint8", new ArrowType.Int(8, false)),
              Map.entry("uint16", new ArrowType.Int(16, false)),
              Map.entry("uint32", new ArrowType.Int(32, false)),
              Map.entry("uint64", new ArrowType.Int(64, false)),
              Map.entry("float32", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
              Map.entry("float64", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
              Map.entry("date", new ArrowType.Date(DateUnit.DAY)),
              Map.entry("timestamp", new ArrowType.Timestamp(TimeUnit.MICROSECOND, null)),
              Map.entry(UTF8_LIST, ArrowType.List.INSTANCE)));

  private TypeNames() {}

  /**
   * A nullable column of a named type; a timestamp is in microseconds and without a zone.
   *
   * @param index the name of an {@link IndexKind}, which the store checks
   */
  static Field field(String where, String column, String typeName, String index) {
    ArrowType type = TYPES.get(typeName);
    if (type == null) {
      throw StoreException.invalid(
          "%s: found '%s', allowed %s", where, typeName, String.join(", ", TYPES.keySet()));
    }
    List<Field> children =
        typeName.equals(UTF8_LIST)
            ? List.of(new Field("item", FieldType.nullable(ArrowType.Utf8.INSTANCE), null))
            : null;
    return new Field(
        column, new FieldType(true, type, null, Map.of(IndexKind.KEY, index)), children);
  }

  /** The name of a column's type; Arrow's own where there is none here. */
  static String name(Field field) {
    for (Map.Entry<String, ArrowType> entry : TYPES.entrySet()) {
      if (entry.getValue().equals(field.getType())) {
        return entry.getKey();
      }
    }
    return field.getType().toString();
  }
}
