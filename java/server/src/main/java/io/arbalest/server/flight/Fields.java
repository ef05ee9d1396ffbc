package io.arbalest.server.flight;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import io.arbalest.server.Limits;
import io.arbalest.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * A JSON object read strictly: a key nobody knows, a key that occurs twice, a value of the wrong
 * type and a number out of range are each an INVALID_ARGUMENT that names the field, what was found
 * and what is allowed. Nothing is converted silently.
 */
final class Fields {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String path;
  private final JsonNode node;

  private Fields(String path, JsonNode node) {
    this.path = path;
    this.node = node;
  }

  /**
   * Parses an object.
   *
   * @param what the thing in messages, such as {@code ticket}
   */
  static Fields parse(String what, byte[] json) {
    if (json.length > Limits.JSON_BYTES_MAX) {
      throw StoreException.exhausted(
          "%s: found %d bytes, allowed %d", what, json.length, Limits.JSON_BYTES_MAX);
    }
    JsonNode node;
    try {
      node = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw StoreException.invalid("%s: not JSON: %s", what, e.getOriginalMessage());
    } catch (IOException e) {
      throw StoreException.invalid("%s: not JSON: %s", what, e.getMessage());
    }
    return object(what, node);
  }

  private static Fields object(String path, JsonNode node) {
    if (!node.isObject()) {
      throw StoreException.invalid("%s: found %s, allowed an object", path, found(node));
    }
    return new Fields(path, node);
  }

  /** Refuses keys beside these. */
  Fields allow(Set<String> keys) {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String key = names.next();
      if (!keys.contains(key)) {
        throw StoreException.invalid(
            "%s: unknown key, allowed %s", name(key), String.join(", ", new TreeSet<>(keys)));
      }
    }
    return this;
  }

  /** Refuses a key beside another. */
  void exclude(String key, String other) {
    if (has(key) && has(other)) {
      throw StoreException.invalid(
          "%s: found beside %s, allowed one of them", name(key), name(other));
    }
  }

  boolean has(String key) {
    return node.has(key);
  }

  /** An object inside this one. */
  Fields object(String key) {
    return object(name(key), required(key));
  }

  /** The objects of an array; none if it is absent. */
  List<Fields> objects(String key) {
    List<Fields> objects = new ArrayList<>();
    if (has(key)) {
      JsonNode array = array(key, required(key), "objects");
      for (int i = 0; i < array.size(); i++) {
        objects.add(object(name(key) + "[" + i + "]", array.get(i)));
      }
    }
    return objects;
  }

  String text(String key) {
    return text(name(key), required(key));
  }

  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  private static String text(String name, JsonNode value) {
    if (!value.isTextual()) {
      throw wrong(name, value, "a string");
    }
    return value.textValue();
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    if (has(key)) {
      JsonNode array = array(key, required(key), "strings");
      for (int i = 0; i < array.size(); i++) {
        texts.add(text(name(key) + "[" + i + "]", array.get(i)));
      }
    }
    return texts;
  }

  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    JsonNode value = node.get(key);
    if (!value.isBoolean()) {
      throw wrong(name(key), value, "true or false");
    }
    return value.booleanValue();
  }

  long integer(String key, long min, long max) {
    JsonNode value = required(key);
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < min
        || value.longValue() > max) {
      throw wrong(name(key), value, "an integer " + min + ".." + max);
    }
    return value.longValue();
  }

  long integer(String key, long min, long max, long otherwise) {
    return has(key) ? integer(key, min, max) : otherwise;
  }

  /** One vector. */
  float[] vector(String key) {
    return vector(name(key), required(key));
  }

  /** Vectors of one dimension. */
  float[][] vectors(String key) {
    JsonNode array = array(key, required(key), "vectors");
    if (array.isEmpty() || array.size() > Limits.TICKET_VECTORS_MAX) {
      throw StoreException.invalid(
          "%s: found %d vectors, allowed 1..%d in a ticket; more go through DoExchange",
          name(key), array.size(), Limits.TICKET_VECTORS_MAX);
    }
    float[][] vectors = new float[array.size()][];
    for (int row = 0; row < vectors.length; row++) {
      String name = name(key) + "[" + row + "]";
      vectors[row] = vector(name, array.get(row));
      if (vectors[row].length != vectors[0].length) {
        throw StoreException.invalid(
            "%s: found dimension %d, allowed %d as in the vectors before it",
            name, vectors[row].length, vectors[0].length);
      }
    }
    return vectors;
  }

  /** An id: a {@code Long} or a {@code String}. */
  Object id(String key) {
    return id(name(key), required(key));
  }

  /** Ids: each a {@code Long} or a {@code String}. */
  List<Object> ids(String key) {
    JsonNode array = array(key, required(key), "ids");
    Limits.check(name(key) + ": number of ids", array.size(), 1, Limits.BATCH_ROWS_MAX);
    List<Object> ids = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      ids.add(id(name(key) + "[" + i + "]", array.get(i)));
    }
    return ids;
  }

  /** A value to compare with: a {@code String}, {@code Boolean} or {@code BigDecimal}. */
  Object scalar(String key) {
    return scalar(name(key), required(key));
  }

  /** Values to compare with. */
  List<Object> scalars(String key) {
    JsonNode array = array(key, required(key), "values");
    List<Object> values = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      values.add(scalar(name(key) + "[" + i + "]", array.get(i)));
    }
    return values;
  }

  /** A number strictly between two others. */
  double fraction(String key, double above, double below) {
    JsonNode value = required(key);
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number > above && number < below)) {
      throw wrong(name(key), value, "a number above " + above + " and below " + below);
    }
    return number;
  }

  /** A number from {@code min} to {@code max}. */
  double number(String key, double min, double max) {
    JsonNode value = required(key);
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= min && number <= max)) {
      throw wrong(name(key), value, "a number " + min + ".." + max);
    }
    return number;
  }

  /** What messages call this object, such as {@code search}. */
  String path() {
    return path;
  }

  /** The field's full name, such as {@code search.k}. */
  String name(String key) {
    return path + "." + key;
  }

  private static Object id(String name, JsonNode value) {
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    throw wrong(name, value, "an integer of 64 bits or a string");
  }

  private static Object scalar(String name, JsonNode value) {
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isNumber()) {
      return value.decimalValue();
    }
    throw wrong(name, value, "a string, a number, true or false");
  }

  private static float[] vector(String name, JsonNode array) {
    if (!array.isArray()) {
      throw wrong(name, array, "an array of numbers");
    }
    Limits.check(name + ": dimension", array.size(), 1, Limits.DIMENSION_MAX);
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      JsonNode value = array.get(i);
      vector[i] = value.isNumber() ? value.floatValue() : Float.NaN;
      if (!Float.isFinite(vector[i])) {
        throw wrong(name + "[" + i + "]", value, "a finite number of float32's range");
      }
    }
    return vector;
  }

  private JsonNode array(String key, JsonNode value, String of) {
    if (!value.isArray()) {
      throw wrong(name(key), value, "an array of " + of);
    }
    return value;
  }

  private JsonNode required(String key) {
    JsonNode value = node.get(key);
    if (value == null) {
      throw StoreException.invalid("%s: missing", name(key));
    }
    return value;
  }

  private static StoreException wrong(String name, JsonNode value, String allowed) {
    return StoreException.invalid("%s: found %s, allowed %s", name, found(value), allowed);
  }

  private static String found(JsonNode value) {
    if (value.isValueNode() && value.getNodeType() != JsonNodeType.NULL) {
      String text = value.toString();
      return text.length() <= 64 ? text : text.substring(0, 61) + "...";
    }
    return value.isMissingNode() ? "nothing" : value.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
