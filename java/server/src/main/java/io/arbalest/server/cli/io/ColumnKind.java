package io.arbalest.server.cli.io;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** The types that a column of a text file may turn out to have. */
enum ColumnKind {
  INT64,
  FLOAT64,
  BOOL,
  UTF8,
  UTF8_LIST,
  VECTOR;

  /** The kind of one value; null of a null or an empty list, which fit several. */
  static ColumnKind of(JsonNode value) {
    return switch (value.getNodeType()) {
      case NUMBER -> value.isIntegralNumber() && value.canConvertToLong() ? INT64 : FLOAT64;
      case BOOLEAN -> BOOL;
      case STRING -> UTF8;
      case ARRAY -> value.isEmpty() ? null : value.get(0).isTextual() ? UTF8_LIST : VECTOR;
      case NULL -> null;
      case OBJECT, BINARY, MISSING, POJO ->
          throw new IllegalArgumentException("found an object, allowed a plain value or an array");
    };
  }

  /** The kind that holds both; null if none does. */
  static ColumnKind merge(ColumnKind a, ColumnKind b) {
    if (a == null || a == b) {
      return b;
    }
    if (b == null) {
      return a;
    }
    boolean numbers = (a == INT64 || a == FLOAT64) && (b == INT64 || b == FLOAT64);
    return numbers ? FLOAT64 : null;
  }

  /**
   * The column.
   *
   * @param dimension of a {@link #VECTOR}; else ignored
   */
  Field field(String name, boolean nullable, int dimension) {
    ArrowType type =
        switch (this) {
          case INT64 -> new ArrowType.Int(64, true);
          case FLOAT64 -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
          case BOOL -> ArrowType.Bool.INSTANCE;
          case UTF8 -> ArrowType.Utf8.INSTANCE;
          case UTF8_LIST -> ArrowType.List.INSTANCE;
          case VECTOR -> new ArrowType.FixedSizeList(dimension);
        };
    ArrowType single = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    List<Field> children =
        switch (this) {
          case UTF8_LIST ->
              List.of(new Field("item", FieldType.nullable(ArrowType.Utf8.INSTANCE), null));
          case VECTOR -> List.of(new Field("item", FieldType.notNullable(single), null));
          case INT64, FLOAT64, BOOL, UTF8 -> null;
        };
    return new Field(name, new FieldType(nullable, type, null), children);
  }

  /**
   * Writes one value.
   *
   * @throws IllegalArgumentException if it is of another kind: what was found, what is allowed
   */
  void set(FieldVector vector, int row, Records.Cell cell) {
    JsonNode value = cell.value();
    boolean text = this == UTF8 && cell.text() != null;
    ColumnKind found = of(value);
    if (value.isNull()) {
      vector.setNull(row);
      return;
    }
    if (!text && found != null && merge(this, found) != this) {
      throw new IllegalArgumentException("found " + found + ", allowed " + this);
    }
    switch (this) {
      case INT64 -> ((BigIntVector) vector).setSafe(row, value.longValue());
      case FLOAT64 -> ((Float8Vector) vector).setSafe(row, value.doubleValue());
      case BOOL -> ((BitVector) vector).setSafe(row, value.booleanValue() ? 1 : 0);
      case UTF8 ->
          ((VarCharVector) vector).setSafe(row, utf8(text ? cell.text() : value.textValue()));
      case UTF8_LIST -> setList((ListVector) vector, row, value);
      case VECTOR -> setVector((FixedSizeListVector) vector, row, value);
    }
  }

  private static void setList(ListVector list, int row, JsonNode values) {
    VarCharVector child = (VarCharVector) list.getDataVector();
    int at = list.startNewValue(row);
    for (JsonNode value : values) {
      child.setSafe(at, utf8(value.textValue()));
      at++;
    }
    list.endValue(row, values.size());
  }

  private static void setVector(FixedSizeListVector list, int row, JsonNode values) {
    if (values.size() != list.getListSize()) {
      throw new IllegalArgumentException(
          "found dimension " + values.size() + ", allowed " + list.getListSize());
    }
    Float4Vector child = (Float4Vector) list.getDataVector();
    list.setNotNull(row);
    for (int i = 0; i < values.size(); i++) {
      if (!values.get(i).isNumber()) {
        throw new IllegalArgumentException("component " + i + ": found no number");
      }
      child.setSafe(row * list.getListSize() + i, values.get(i).floatValue());
    }
  }

  private static byte[] utf8(String text) {
    if (text == null) {
      throw new IllegalArgumentException("found a value that is no string in a list of strings");
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
