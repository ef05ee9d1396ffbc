package io.arbalest.store;

import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Limits;
import io.arbalest.engine.Metric;
import io.arbalest.store.filter.IndexKind;
import io.arbalest.store.schema.ColumnTypes;
import io.arbalest.store.schema.SpecReader;
import io.arbalest.store.schema.TextColumns;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a dataset is: fixed when it is created.
 *
 * @param name {@code [A-Za-z0-9][A-Za-z0-9_.-]{0,127}}
 * @param metric how distances are measured
 * @param element how vector components are kept
 * @param idType type of the ids
 * @param dimension components of a vector, 1..{@value StoreLimits#DIMENSION_MAX}
 * @param columns metadata columns, in order; names are unique
 * @param m links a node of the graph
 * @param efConstruction breadth of construction of the graph
 * @param codes what searches of the graph read
 * @param layout how a frozen graph lies in memory
 * @param textColumns names of the utf8 columns that a search's {@code text} looks into, kept in the
 *     order of {@code columns}; empty: the dataset has no text index
 * @param cache whether answers of searches may be remembered
 */
public record DatasetSpec(
    String name,
    Metric metric,
    ElementType element,
    IdType idType,
    int dimension,
    List<Field> columns,
    int m,
    int efConstruction,
    Codes codes,
    Layout layout,
    List<String> textColumns,
    boolean cache) {
  /** The column of ids. */
  public static final String ID = "id";

  /** The column of vectors. */
  public static final String VECTOR = "vector";

  /** The result column that tells which query a hit belongs to. */
  public static final String QUERY = "query";

  /** The result column of distances. */
  public static final String DISTANCE = "distance";

  /** Column of an answer that says why a query has no hits. */
  public static final String ERROR = "error";

  /** The result column of what a search with text is ordered by. */
  public static final String SCORE = "score";

  /** The result column of a hit's place among the nearest rows of a search with text. */
  public static final String DENSE_RANK = "dense_rank";

  /** The result column of a hit's place among the rows that a search's text found. */
  public static final String TEXT_RANK = "text_rank";

  /** Schema metadata of a put: {@code true} adds the columns that the dataset does not have. */
  public static final String ADD_COLUMNS_KEY = "arbalest.add_columns";

  /** Schema metadata: {@code l2}, {@code cosine} (default) or {@code dot}. */
  public static final String METRIC_KEY = "arbalest.metric";

  /** Schema metadata: {@code float16} (default) or {@code float32}. */
  public static final String ELEMENT_KEY = "arbalest.element";

  /** Schema metadata: links a node, default {@value #M_DEFAULT}. */
  public static final String M_KEY = "arbalest.m";

  /** Schema metadata: breadth of construction, default {@value #EF_CONSTRUCTION_DEFAULT}. */
  public static final String EF_CONSTRUCTION_KEY = "arbalest.ef_construction";

  /** Schema metadata: {@code sq8} (default) or {@code none}. */
  public static final String CODES_KEY = "arbalest.codes";

  /** Schema metadata: {@code compact} (default) or {@code fused}. */
  public static final String LAYOUT_KEY = "arbalest.layout";

  /** Schema metadata: names of the utf8 columns to search by text, with commas between them. */
  public static final String TEXT_COLUMNS_KEY = "arbalest.text_columns";

  /** Schema metadata: whether answers may be remembered, {@code on} (default) or {@code off}. */
  public static final String CACHE_KEY = "arbalest.cache";

  public static final int M_DEFAULT = 16;
  public static final int EF_CONSTRUCTION_DEFAULT = 200;
  public static final Codes CODES_DEFAULT = Codes.SQ8;
  public static final Layout LAYOUT_DEFAULT = Layout.COMPACT;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}");
  private static final Set<String> RESERVED = Set.of(ID, VECTOR, QUERY, DISTANCE, ERROR);

  public DatasetSpec {
    checkName(name);
    Objects.requireNonNull(metric, "metric");
    Objects.requireNonNull(element, "element");
    Objects.requireNonNull(idType, "idType");
    check("vector: dimension", dimension, 1, StoreLimits.DIMENSION_MAX);
    check(M_KEY, m, Limits.M_MIN, Limits.M_MAX);
    check(EF_CONSTRUCTION_KEY, efConstruction, 1, Limits.EF_MAX);
    Objects.requireNonNull(codes, "codes");
    Objects.requireNonNull(layout, "layout");
    columns = List.copyOf(columns);
    checkColumns(columns);
    textColumns = TextColumns.checked(textColumns, columns);
  }

  /** A dataset without metadata columns and with the default graph. */
  public static DatasetSpec of(
      String name, Metric metric, ElementType element, IdType idType, int dimension) {
    return new DatasetSpec(
        name,
        metric,
        element,
        idType,
        dimension,
        List.of(),
        M_DEFAULT,
        EF_CONSTRUCTION_DEFAULT,
        CODES_DEFAULT,
        LAYOUT_DEFAULT,
        List.of(),
        true);
  }

  /** The same with these metadata columns. */
  public DatasetSpec withColumns(List<Field> fields) {
    return copy(fields, m, efConstruction, codes, layout, textColumns, cache);
  }

  /**
   * The same with these columns behind its own; those that it has are passed over. They are
   * nullable, since the rows that there are have no value for them.
   *
   * @throws StoreException INVALID_ARGUMENT naming a column that it has in another type, or that
   *     cannot be one
   */
  public DatasetSpec plus(List<Field> fields) {
    List<Field> all = new ArrayList<>(columns);
    for (Field field : fields) {
      Field present = column(field.getName());
      if (present != null) {
        ColumnTypes.checkSame(field, present);
      } else {
        FieldType type =
            new FieldType(true, field.getType(), field.getDictionary(), field.getMetadata());
        all.add(new Field(field.getName(), type, field.getChildren()));
      }
    }
    return withColumns(all);
  }

  /** The same with this graph. */
  public DatasetSpec withGraph(int links, int breadth) {
    return copy(columns, links, breadth, codes, layout, textColumns, cache);
  }

  /** The same with this memory for searches. */
  public DatasetSpec withSearch(Codes searched, Layout frozen) {
    return copy(columns, m, efConstruction, searched, frozen, textColumns, cache);
  }

  /** The same with these of its columns to be searched by text. */
  public DatasetSpec withTextColumns(List<String> names) {
    return copy(columns, m, efConstruction, codes, layout, names, cache);
  }

  /** The same with or without its answers remembered. */
  public DatasetSpec withCache(boolean on) {
    return copy(columns, m, efConstruction, codes, layout, textColumns, on);
  }

  private DatasetSpec copy(
      List<Field> fields,
      int links,
      int breadth,
      Codes searched,
      Layout frozen,
      List<String> texts,
      boolean remembered) {
    return new DatasetSpec(
        name,
        metric,
        element,
        idType,
        dimension,
        fields,
        links,
        breadth,
        searched,
        frozen,
        texts,
        remembered);
  }

  /**
   * Reads a dataset from the schema of its first batch: columns {@code id} and {@code vector}, any
   * others are metadata columns; the schema's metadata may hold the {@code arbalest.} keys.
   *
   * @throws StoreException INVALID_ARGUMENT naming the field, what was found and what is allowed
   */
  public static DatasetSpec fromArrow(String name, Schema schema) {
    checkName(name);
    return SpecReader.read(name, schema);
  }

  /**
   * The dataset's own schema: {@code id}, {@code vector} in the element type, then the metadata
   * columns; with the {@code arbalest.} keys as metadata. {@link #fromArrow} reads it back.
   */
  public Schema arrowSchema() {
    List<Field> fields = new ArrayList<>();
    fields.add(idField());
    fields.add(ColumnTypes.vectorField(VECTOR, element, dimension));
    fields.addAll(columns);
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(METRIC_KEY, metric.wireName());
    metadata.put(ELEMENT_KEY, element.wireName());
    metadata.put(M_KEY, Integer.toString(m));
    metadata.put(EF_CONSTRUCTION_KEY, Integer.toString(efConstruction));
    metadata.put(CODES_KEY, codes.wireName());
    metadata.put(LAYOUT_KEY, layout.wireName());
    metadata.put(CACHE_KEY, cache ? SpecReader.ON : SpecReader.OFF);
    if (!textColumns.isEmpty()) {
      metadata.put(TEXT_COLUMNS_KEY, TextColumns.join(textColumns));
    }
    return new Schema(fields, metadata);
  }

  /** The {@code id} column. */
  public Field idField() {
    return new Field(ID, FieldType.notNullable(idType.arrowType()), null);
  }

  /** Numbers of the columns that a search's text looks into; see {@link #textColumns}. */
  public int[] textColumnNumbers() {
    return IntStream.range(0, columns.size())
        .filter(column -> textColumns.contains(columns.get(column).getName()))
        .toArray();
  }

  /** The metadata column of this name, or null. */
  public Field column(String columnName) {
    for (Field column : columns) {
      if (column.getName().equals(columnName)) {
        return column;
      }
    }
    return null;
  }

  /** Refuses what cannot be a dataset's name. */
  public static void checkName(String name) {
    if (name == null || !NAME.matcher(name).matches()) {
      throw StoreException.invalid("dataset name: found '%s', allowed %s", name, NAME.pattern());
    }
  }

  private static void checkColumns(List<Field> columns) {
    check("metadata columns", columns.size(), 0, StoreLimits.COLUMNS_MAX);
    Set<String> seen = new HashSet<>();
    for (Field column : columns) {
      ColumnTypes.checkMetadata(column);
      IndexKind.of(column);
      if (RESERVED.contains(column.getName())) {
        throw StoreException.invalid(
            "column '%s': the name is reserved, as are %s",
            column.getName(), RESERVED.stream().sorted().toList());
      }
      if (!seen.add(column.getName())) {
        throw StoreException.invalid("column '%s': the name occurs twice", column.getName());
      }
    }
  }

  private static void check(String what, int found, int min, int max) {
    if (found < min || found > max) {
      throw StoreException.invalid("%s: found %d, allowed %d..%d", what, found, min, max);
    }
  }
}
