package io.arbalest.store.query;

import io.arbalest.engine.ElementType;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.ScanRequest;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.VectorsAs;
import io.arbalest.store.schema.ColumnTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The columns of an answer.
 *
 * @param schema all of them
 * @param firstColumn where in it the metadata columns begin
 * @param columns numbers of the dataset's metadata columns, in the answer's order
 * @param vectorsAs the form of its {@code vector} column
 */
public record ResultSchema(Schema schema, int firstColumn, int[] columns, VectorsAs vectorsAs) {
  /** Field metadata that tells how a vector is encoded. */
  public static final String ENCODING_KEY = "arbalest.encoding";

  private static final String ALL = "*";

  /**
   * {@code query}, {@code id}, {@code distance}, with text {@code score}, {@code dense_rank} and
   * {@code text_rank}, columns, {@code vector}; where bad queries have rows, all but the first
   * nullable, and {@code error} behind them.
   */
  public static ResultSchema ofSearch(DatasetSpec spec, SearchRequest request) {
    List<Field> fields = new ArrayList<>();
    fields.add(
        request.queryKeys() == null
            ? new Field(
                DatasetSpec.QUERY, FieldType.notNullable(new ArrowType.Int(32, false)), null)
            : renamed(request.queryKeys().getField(), DatasetSpec.QUERY));
    fields.add(spec.idField());
    fields.add(RankColumns.distance(request.text() != null));
    if (request.text() != null) {
      fields.addAll(RankColumns.fields());
    }
    ResultSchema schema = with(fields, spec, request.columns(), request.vectorsAs());
    return request.rowErrors() ? schema.withErrors() : schema;
  }

  private ResultSchema withErrors() {
    List<Field> fields = new ArrayList<>();
    for (Field field : schema.getFields()) {
      FieldType type = field.getFieldType();
      FieldType nullable =
          new FieldType(true, type.getType(), type.getDictionary(), type.getMetadata());
      fields.add(
          fields.isEmpty() ? field : new Field(field.getName(), nullable, field.getChildren()));
    }
    fields.add(Field.nullable(DatasetSpec.ERROR, ArrowType.Utf8.INSTANCE));
    return new ResultSchema(new Schema(fields), firstColumn, columns, vectorsAs);
  }

  /** {@code id}, columns, {@code vector}. */
  public static ResultSchema ofScan(DatasetSpec spec, ScanRequest request) {
    List<Field> fields = new ArrayList<>();
    fields.add(spec.idField());
    return with(fields, spec, request.columns(), request.vectorsAs());
  }

  private static ResultSchema with(
      List<Field> fields, DatasetSpec spec, List<String> names, VectorsAs vectorsAs) {
    int firstColumn = fields.size();
    int[] columns = numbers(spec, names);
    for (int column : columns) {
      fields.add(spec.columns().get(column));
    }
    if (vectorsAs != VectorsAs.NONE) {
      fields.add(vectorField(vectorsAs, spec.dimension()));
    }
    return new ResultSchema(new Schema(fields), firstColumn, columns, vectorsAs);
  }

  private static int[] numbers(DatasetSpec spec, List<String> names) {
    List<String> all = spec.columns().stream().map(Field::getName).toList();
    if (names.equals(List.of(ALL))) {
      return IntStream.range(0, all.size()).toArray();
    }
    int[] numbers = new int[names.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = all.indexOf(names.get(i));
      if (numbers[i] < 0) {
        throw StoreException.invalid(
            "columns: '%s' is no metadata column of dataset '%s', allowed %s or [\"*\"]",
            names.get(i), spec.name(), all);
      }
      if (names.indexOf(names.get(i)) != i) {
        throw StoreException.invalid("columns: '%s' occurs twice", names.get(i));
      }
    }
    return numbers;
  }

  private static Field vectorField(VectorsAs form, int dimension) {
    return switch (form) {
      case SQ8 -> sq8Field(dimension);
      case FLOAT16 -> ColumnTypes.vectorField(DatasetSpec.VECTOR, ElementType.FLOAT16, dimension);
      case FLOAT32 -> ColumnTypes.vectorField(DatasetSpec.VECTOR, ElementType.FLOAT32, dimension);
      case NONE -> throw new IllegalArgumentException("there is no column for it");
    };
  }

  private static Field sq8Field(int dimension) {
    FieldType number =
        FieldType.notNullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
    Field code = new Field("item", FieldType.notNullable(new ArrowType.Int(8, false)), null);
    Field codes =
        new Field(
            "codes", FieldType.notNullable(new ArrowType.FixedSizeList(dimension)), List.of(code));
    return new Field(
        DatasetSpec.VECTOR,
        new FieldType(
            false, ArrowType.Struct.INSTANCE, null, Map.of(ENCODING_KEY, VectorsAs.SQ8.wireName())),
        List.of(new Field("scale", number, null), new Field("offset", number, null), codes));
  }

  private static Field renamed(Field field, String name) {
    return new Field(name, field.getFieldType(), field.getChildren());
  }
}
