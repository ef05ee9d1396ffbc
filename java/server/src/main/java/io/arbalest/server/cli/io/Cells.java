package io.arbalest.server.cli.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;

/** Arrow values as JSON values: what people and text files see. */
public final class Cells {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Cells() {}

  /** One row as an object. */
  public static ObjectNode row(VectorSchemaRoot root, int row) {
    ObjectNode json = JSON.objectNode();
    for (FieldVector vector : root.getFieldVectors()) {
      json.set(vector.getName(), value(vector, row));
    }
    return json;
  }

  /** One value. Times are written as ISO 8601 has them. */
  public static JsonNode value(FieldVector vector, int row) {
    if (vector.isNull(row)) {
      return JSON.nullNode();
    }
    if (vector instanceof FixedSizeListVector list) {
      return list(list, row);
    }
    if (vector instanceof Float2Vector half) {
      return JSON.numberNode(Float16.toFloat(half.get(row)));
    }
    if (vector instanceof StructVector struct) {
      ObjectNode object = JSON.objectNode();
      struct
          .getChildrenFromFields()
          .forEach(child -> object.set(child.getName(), value(child, row)));
      return object;
    }
    if (vector instanceof UInt1Vector unsigned) {
      return JSON.numberNode(Byte.toUnsignedInt(unsigned.get(row)));
    }
    if (vector instanceof UInt4Vector unsigned) {
      return JSON.numberNode(Integer.toUnsignedLong(unsigned.get(row)));
    }
    if (vector instanceof UInt8Vector unsigned) {
      return JSON.numberNode(unsigned.getObjectNoOverflow(row));
    }
    return value(vector.getObject(row));
  }

  private static JsonNode list(FixedSizeListVector list, int row) {
    FieldVector child = list.getDataVector();
    ArrayNode array = JSON.arrayNode(list.getListSize());
    for (int i = 0; i < list.getListSize(); i++) {
      array.add(value(child, row * list.getListSize() + i));
    }
    return array;
  }

  private static JsonNode value(Object value) {
    if (value == null) {
      return JSON.nullNode();
    }
    if (value instanceof Boolean flag) {
      return JSON.booleanNode(flag);
    }
    if (value instanceof Float number) {
      return JSON.numberNode(number);
    }
    if (value instanceof Double number) {
      return JSON.numberNode(number);
    }
    if (value instanceof Character character) {
      return JSON.numberNode(character);
    }
    if (value instanceof Number number) {
      return JSON.numberNode(number.longValue());
    }
    if (value instanceof List<?> values) {
      ArrayNode array = JSON.arrayNode();
      values.forEach(v -> array.add(value(v)));
      return array;
    }
    return JSON.textNode(value.toString());
  }
}
