package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.Codes;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Layout;
import io.arbalest.engine.Metric;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.schema.SpecReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetSpecTest {
  static final ArrowType INT64 = new ArrowType.Int(64, true);
  static final ArrowType FLOAT32 = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  static Field field(String name, ArrowType type, Field... children) {
    return new Field(name, FieldType.nullable(type), List.of(children));
  }

  static Field vector(ArrowType component, int dimension) {
    return field("vector", new ArrowType.FixedSizeList(dimension), field("item", component));
  }

  /** A column of every type that a dataset may have. */
  static List<Field> columnsOfEveryType() {
    List<Field> columns = new ArrayList<>();
    columns.add(field("text", ArrowType.Utf8.INSTANCE));
    columns.add(field("flag", ArrowType.Bool.INSTANCE));
    for (int bits : new int[] {8, 16, 32, 64}) {
      columns.add(field("int" + bits, new ArrowType.Int(bits, true)));
      columns.add(field("uint" + bits, new ArrowType.Int(bits, false)));
    }
    columns.add(field("float32", FLOAT32));
    columns.add(field("float64", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)));
    columns.add(field("day", new ArrowType.Date(DateUnit.DAY)));
    columns.add(field("millisecond", new ArrowType.Date(DateUnit.MILLISECOND)));
    for (TimeUnit unit : TimeUnit.values()) {
      columns.add(field("at_" + unit, new ArrowType.Timestamp(unit, null)));
    }
    columns.add(field("at_utc", new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC")));
    columns.add(field("tags", ArrowType.List.INSTANCE, field("item", ArrowType.Utf8.INSTANCE)));
    return columns;
  }

  private static DatasetSpec read(Map<String, String> metadata, Field... fields) {
    return DatasetSpec.fromArrow("d", new Schema(List.of(fields), metadata));
  }

  private static void assertInvalid(String part, Map<String, String> metadata, Field... fields) {
    assertFails(Category.INVALID_ARGUMENT, part, () -> read(metadata, fields));
  }

  @Test
  void aSchemaIsReadWithItsDefaults() {
    DatasetSpec spec = read(Map.of(), field("year", INT64), vector(FLOAT32, 3), field("id", INT64));
    assertThat(spec)
        .isEqualTo(
            DatasetSpec.of("d", Metric.COSINE, ElementType.FLOAT16, IdType.INT64, 3)
                .withColumns(List.of(field("year", INT64))));
    assertThat(spec.m()).isEqualTo(16);
    assertThat(spec.efConstruction()).isEqualTo(200);
  }

  @Test
  void aSpecComesBackFromItsOwnSchemaWhateverItsColumns() {
    DatasetSpec spec =
        DatasetSpec.of("d", Metric.DOT, ElementType.FLOAT32, IdType.UTF8, 8192)
            .withColumns(columnsOfEveryType())
            .withGraph(24, 333)
            .withSearch(Codes.NONE, Layout.FUSED)
            .withTextColumns(List.of("text"));
    assertThat(DatasetSpec.fromArrow("d", spec.arrowSchema())).isEqualTo(spec);
  }

  @Test
  void theMetadataIsRead() {
    DatasetSpec spec =
        read(
            Map.of(
                "arbalest.metric", "l2",
                "arbalest.element", "float32",
                "arbalest.m", "20",
                "arbalest.ef_construction", "99",
                "arbalest.codes", "none",
                "arbalest.layout", "fused",
                "pandas", "{}"),
            field("id", ArrowType.Utf8.INSTANCE),
            vector(new ArrowType.Int(8, false), 1));
    assertThat(spec)
        .isEqualTo(
            DatasetSpec.of("d", Metric.L2, ElementType.FLOAT32, IdType.UTF8, 1)
                .withGraph(20, 99)
                .withSearch(Codes.NONE, Layout.FUSED));
  }

  @Test
  void textColumnsAreNamedWithCommas() {
    Field title = field("title", ArrowType.Utf8.INSTANCE);
    Field year = field("year", INT64);
    Field body = field("body", ArrowType.Utf8.INSTANCE);
    Field[] fields = {field("id", INT64), vector(FLOAT32, 3), title, year, body};
    Map<String, String> both = Map.of("arbalest.text_columns", " body , title");
    DatasetSpec spec = read(both, fields);
    assertThat(spec.textColumns()).containsExactly("title", "body");
    assertThat(spec.textColumnNumbers()).containsExactly(0, 2);
    assertThat(spec.arrowSchema().getCustomMetadata())
        .containsEntry("arbalest.text_columns", "title,body");
    assertThat(read(Map.of(), fields).textColumns()).isEmpty();
    SpecReader.checkMetadata(new Schema(List.of(fields), both), spec);
    assertFails(
        Category.INVALID_ARGUMENT,
        "'arbalest.text_columns': found 'title', allowed 'title,body'",
        () ->
            SpecReader.checkMetadata(
                new Schema(List.of(fields), Map.of("arbalest.text_columns", "title")), spec));
    assertFails(
        Category.INVALID_ARGUMENT,
        "found 'title', allowed ''",
        () ->
            SpecReader.checkMetadata(
                new Schema(List.of(fields), Map.of("arbalest.text_columns", "title")),
                read(Map.of(), fields)));
  }

  @Test
  void whatCannotBeATextColumnIsRefusedByName() {
    Field id = field("id", INT64);
    Field vector = vector(FLOAT32, 3);
    Field title = field("title", ArrowType.Utf8.INSTANCE);
    String key = "arbalest.text_columns";
    assertInvalid(
        "found 'titel', allowed the utf8 columns [title]", Map.of(key, "titel"), id, vector, title);
    assertInvalid(
        "found 'year' (Int(64, true)), allowed the utf8 columns [title]",
        Map.of(key, "title,year"),
        id,
        vector,
        title,
        field("year", INT64));
    assertInvalid("found ''", Map.of(key, "title,"), id, vector, title);
    assertInvalid("'title' occurs twice", Map.of(key, "title,title"), id, vector, title);
    assertInvalid(
        "'score': the name is reserved in a dataset with text columns",
        Map.of(key, "title"),
        id,
        vector,
        title,
        field("score", FLOAT32));
    assertThat(read(Map.of(), id, vector, field("score", FLOAT32)).columns()).hasSize(1);
  }

  @Test
  void whatCannotBeADatasetIsRefusedByName() {
    Field id = field("id", INT64);
    Field vector = vector(FLOAT32, 3);
    assertInvalid("'id': it is required", Map.of(), vector);
    assertInvalid("'vector': it is required", Map.of(), id);
    assertInvalid("'id': the name occurs twice", Map.of(), id, vector, id);
    assertInvalid(
        "'year': the name occurs twice",
        Map.of(),
        id,
        vector,
        field("year", INT64),
        field("year", INT64));
    assertInvalid("allowed int64, utf8", Map.of(), field("id", FLOAT32), vector);
    assertInvalid("fixed_size_list", Map.of(), id, field("vector", FLOAT32));
    assertInvalid("fixed_size_list", Map.of(), id, vector(INT64, 3));
    assertInvalid("found dimension 8193", Map.of(), id, vector(FLOAT32, 8193));
    assertInvalid("found dimension 0", Map.of(), id, vector(FLOAT32, 0));
    assertInvalid("'query': the name is reserved", Map.of(), id, vector, field("query", INT64));
    assertInvalid(
        "'blob': found Binary", Map.of(), id, vector, field("blob", ArrowType.Binary.INSTANCE));
    assertInvalid(
        "'half'",
        Map.of(),
        id,
        vector,
        field("half", new ArrowType.FloatingPoint(FloatingPointPrecision.HALF)));
    assertInvalid(
        "'numbers'",
        Map.of(),
        id,
        vector,
        field("numbers", ArrowType.List.INSTANCE, field("item", INT64)));
    DictionaryEncoding encoding = new DictionaryEncoding(1, false, null);
    assertInvalid(
        "dictionary",
        Map.of(),
        id,
        vector,
        new Field("word", new FieldType(true, ArrowType.Utf8.INSTANCE, encoding), null));
    assertInvalid("found 'manhattan'", Map.of("arbalest.metric", "manhattan"), id, vector);
    assertInvalid("found 'int4'", Map.of("arbalest.element", "int4"), id, vector);
    assertInvalid("'arbalest.m'", Map.of("arbalest.m", "many"), id, vector);
    assertInvalid("arbalest.m: found 1,", Map.of("arbalest.m", "1"), id, vector);
    assertInvalid("'arbalest.metrik': unknown", Map.of("arbalest.metrik", "l2"), id, vector);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "-a", "a/b", "a b", "\u00e9"})
  void badNamesAreRefused(String name) {
    assertFails(Category.INVALID_ARGUMENT, "dataset name", () -> DatasetSpec.checkName(name));
    assertFails(
        Category.INVALID_ARGUMENT, "dataset name", () -> DatasetSpec.checkName("a".repeat(129)));
    DatasetSpec.checkName("A" + ".b_c-9".repeat(21));
  }
}
