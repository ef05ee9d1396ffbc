package io.arbalest.store.schema;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Reads a {@link DatasetSpec} from an Arrow schema. */
public final class SpecReader {
  /** A switch that is on, as it is where nothing is said. */
  public static final String ON = "on";

  /** A switch that is off. */
  public static final String OFF = "off";

  private static final String PREFIX = "arbalest.";
  private static final Set<String> KEYS =
      Set.of(
          DatasetSpec.METRIC_KEY,
          DatasetSpec.ELEMENT_KEY,
          DatasetSpec.M_KEY,
          DatasetSpec.EF_CONSTRUCTION_KEY,
          DatasetSpec.CODES_KEY,
          DatasetSpec.LAYOUT_KEY,
          DatasetSpec.TEXT_COLUMNS_KEY,
          DatasetSpec.CACHE_KEY);

  private SpecReader() {}

  /** See {@link DatasetSpec#fromArrow}. */
  public static DatasetSpec read(String name, Schema schema) {
    Field id = null;
    Field vector = null;
    List<Field> columns = new ArrayList<>();
    for (Field field : schema.getFields()) {
      if (DatasetSpec.ID.equals(field.getName())) {
        id = onlyOne(id, field);
      } else if (DatasetSpec.VECTOR.equals(field.getName())) {
        vector = onlyOne(vector, field);
      } else {
        columns.add(field);
      }
    }
    IdType idType = idType(id);
    if (vector == null) {
      throw StoreException.invalid("column 'vector': it is required and missing");
    }
    int dimension = ColumnTypes.vectorDimension(vector);
    return fromMetadata(name, schema.getCustomMetadata(), idType, dimension, columns);
  }

  /**
   * Refuses metadata that asks for something else than the dataset is.
   *
   * @throws StoreException INVALID_ARGUMENT naming the key, what was found and what is allowed
   */
  public static void checkMetadata(Schema schema, DatasetSpec spec) {
    Map<String, String> given = schema.getCustomMetadata();
    Map<String, String> fixed = spec.arrowSchema().getCustomMetadata();
    checkKeys(given);
    for (String key : KEYS) {
      String found = given == null ? null : given.get(key);
      String allowed = fixed.getOrDefault(key, ""); // only text columns may be absent
      if (found != null && !isSame(key, found, allowed)) {
        throw StoreException.invalid(
            "schema metadata '%s': found '%s', allowed '%s' as dataset '%s' was created",
            key, found, allowed, spec.name());
      }
    }
  }

  private static boolean isSame(String key, String found, String allowed) {
    return key.equals(DatasetSpec.TEXT_COLUMNS_KEY)
        ? Set.copyOf(TextColumns.split(found)).equals(Set.copyOf(TextColumns.split(allowed)))
        : found.equals(allowed);
  }

  /**
   * A dataset with the columns that a put adds to it; the same dataset where it adds none, or does
   * not ask for it.
   *
   * @throws StoreException INVALID_ARGUMENT naming the column, what was found and what is allowed
   */
  public static DatasetSpec widened(DatasetSpec spec, Schema schema) {
    if (!addsColumns(schema.getCustomMetadata())) {
      return spec;
    }
    List<Field> columns = new ArrayList<>(schema.getFields());
    columns.removeIf(
        field -> List.of(DatasetSpec.ID, DatasetSpec.VECTOR).contains(field.getName()));
    DatasetSpec wider = spec.plus(columns);
    return wider.columns().size() == spec.columns().size() ? spec : wider;
  }

  private static boolean addsColumns(Map<String, String> metadata) {
    String found = metadata == null ? null : metadata.get(DatasetSpec.ADD_COLUMNS_KEY);
    if (found != null && !found.equals("true") && !found.equals("false")) {
      throw StoreException.invalid(
          "schema metadata '%s': found '%s', allowed 'true', 'false'",
          DatasetSpec.ADD_COLUMNS_KEY, found);
    }
    return "true".equals(found);
  }

  private static void checkKeys(Map<String, String> metadata) {
    for (String key : metadata == null ? Set.<String>of() : metadata.keySet()) {
      boolean isKnown = KEYS.contains(key) || key.equals(DatasetSpec.ADD_COLUMNS_KEY);
      if (key.startsWith(PREFIX) && !isKnown) {
        throw StoreException.invalid(
            "schema metadata '%s': unknown, allowed %s", key, KEYS.stream().sorted().toList());
      }
    }
    addsColumns(metadata);
  }

  private static DatasetSpec fromMetadata(
      String name,
      Map<String, String> metadata,
      IdType idType,
      int dimension,
      List<Field> columns) {
    checkKeys(metadata);
    Map<String, String> given = metadata == null ? Map.of() : metadata;
    try {
      return new DatasetSpec(
          name,
          Metric.fromWireName(given.getOrDefault(DatasetSpec.METRIC_KEY, "cosine")),
          ElementType.fromWireName(given.getOrDefault(DatasetSpec.ELEMENT_KEY, "float16")),
          idType,
          dimension,
          columns,
          number(given, DatasetSpec.M_KEY, DatasetSpec.M_DEFAULT),
          number(given, DatasetSpec.EF_CONSTRUCTION_KEY, DatasetSpec.EF_CONSTRUCTION_DEFAULT),
          Codes.fromWireName(
              given.getOrDefault(DatasetSpec.CODES_KEY, DatasetSpec.CODES_DEFAULT.wireName())),
          Layout.fromWireName(
              given.getOrDefault(DatasetSpec.LAYOUT_KEY, DatasetSpec.LAYOUT_DEFAULT.wireName())),
          TextColumns.split(given.getOrDefault(DatasetSpec.TEXT_COLUMNS_KEY, "")),
          isOn(given, DatasetSpec.CACHE_KEY));
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    }
  }

  private static Field onlyOne(Field before, Field field) {
    if (before != null) {
      throw StoreException.invalid("column '%s': the name occurs twice", field.getName());
    }
    return field;
  }

  private static IdType idType(Field id) {
    if (id == null) {
      throw StoreException.invalid("column 'id': it is required and missing");
    }
    ArrowType type = id.getType();
    if (id.getDictionary() == null) {
      for (IdType idType : IdType.values()) {
        if (idType.arrowType().equals(type)) {
          return idType;
        }
      }
    }
    throw StoreException.invalid(
        "column 'id': found %s, allowed int64, utf8", ColumnTypes.describe(id));
  }

  private static boolean isOn(Map<String, String> metadata, String key) {
    String text = metadata.getOrDefault(key, ON);
    if (!text.equals(ON) && !text.equals(OFF)) {
      throw StoreException.invalid(
          "schema metadata '%s': found '%s', allowed %s, %s", key, text, ON, OFF);
    }
    return text.equals(ON);
  }

  private static int number(Map<String, String> metadata, String key, int otherwise) {
    String text = metadata.get(key);
    if (text == null) {
      return otherwise;
    }
    if (!text.matches("[0-9]{1,9}")) {
      throw StoreException.invalid("schema metadata '%s': found '%s', allowed a number", key, text);
    }
    return Integer.parseInt(text);
  }
}
