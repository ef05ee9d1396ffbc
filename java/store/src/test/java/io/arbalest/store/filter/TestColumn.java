package io.arbalest.store.filter;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * A metadata column for tests: draws values, puts them into vectors. Values are null, Boolean,
 * BigInteger (integers and times), Float, Double, String or a list of Strings and nulls.
 */
record TestColumn(Field field, Function<Random, Object> values) {
  private static final String[] WORDS = {
    "", "a", "ab", "abc", "b", "zebra", "\u00e9t\u00e9", "\uffee", "\ud83d\ude00", "a\ud83d\ude00b"
  };

  /** Columns of every type, with every index that the type may have, of few values and of many. */
  static List<TestColumn> all() {
    List<TestColumn> columns = new ArrayList<>();
    addAll(columns, "flag", ArrowType.Bool.INSTANCE, Random::nextBoolean, "bitmap");
    for (int bits : new int[] {8, 16, 32, 64}) {
      addAll(columns, "int" + bits, new ArrowType.Int(bits, true), integers(bits, true));
      addAll(columns, "uint" + bits, new ArrowType.Int(bits, false), integers(bits, false));
    }
    addAll(columns, "year", new ArrowType.Int(16, true), r -> big(1990 + r.nextInt(40)), "bitmap");
    addAll(
        columns,
        "float32",
        new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE),
        TestColumn::aFloat);
    addAll(
        columns,
        "float64",
        new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE),
        TestColumn::aDouble,
        "bitmap");
    addAll(columns, "day", new ArrowType.Date(DateUnit.DAY), r -> big(r.nextInt(800) - 400));
    addAll(
        columns,
        "date_ms",
        new ArrowType.Date(DateUnit.MILLISECOND),
        r -> big((r.nextInt(800) - 400) * 86_400_000L));
    for (TimeUnit unit : TimeUnit.values()) {
      addAll(
          columns,
          "at_" + unit,
          new ArrowType.Timestamp(unit, unit == TimeUnit.MICROSECOND ? "UTC" : null),
          r -> big(r.nextInt(100) < 50 ? r.nextInt(4000) - 2000 : r.nextLong() >> 8));
    }
    addAll(columns, "word", ArrowType.Utf8.INSTANCE, r -> pick(r, WORDS), "bitmap", "exact");
    addAll(columns, "name", ArrowType.Utf8.INSTANCE, TestColumn::aName, "bitmap", "exact");
    Field item = new Field("item", FieldType.nullable(ArrowType.Utf8.INSTANCE), null);
    addAll(
        columns, "tags", ArrowType.List.INSTANCE, r -> list(r, x -> pick(x, WORDS)), item, "exact");
    addAll(
        columns, "names", ArrowType.List.INSTANCE, r -> list(r, TestColumn::aName), item, "bitmap");
    return columns;
  }

  private static void addAll(
      List<TestColumn> columns,
      String name,
      ArrowType type,
      Function<Random, Object> values,
      String... indexes) {
    addAll(columns, name, type, values, null, indexes);
  }

  /** The column as it comes, without an index, not nullable, and with each of these indexes. */
  private static void addAll(
      List<TestColumn> columns,
      String name,
      ArrowType type,
      Function<Random, Object> values,
      Field child,
      String... indexes) {
    List<Field> children = child == null ? null : List.of(child);
    Function<Random, Object> orNull = r -> r.nextInt(8) == 0 ? null : values.apply(r);
    columns.add(new TestColumn(new Field(name, FieldType.nullable(type), children), orNull));
    columns.add(
        new TestColumn(new Field(name + "_full", FieldType.notNullable(type), children), values));
    List<String> asked = new ArrayList<>(List.of(indexes));
    asked.add("none");
    for (String index : asked) {
      FieldType indexed = new FieldType(true, type, null, Map.of(IndexKind.KEY, index));
      columns.add(new TestColumn(new Field(name + "_" + index, indexed, children), orNull));
    }
  }

  String name() {
    return field.getName();
  }

  private static BigInteger big(long value) {
    return BigInteger.valueOf(value);
  }

  static <T> T pick(Random random, T[] from) {
    return from[random.nextInt(from.length)];
  }

  private static Function<Random, Object> integers(int bits, boolean signed) {
    BigInteger low = signed ? BigInteger.ONE.shiftLeft(bits - 1).negate() : BigInteger.ZERO;
    return random ->
        switch (random.nextInt(5)) {
          case 0 -> low;
          case 1 -> low.add(BigInteger.ONE.shiftLeft(bits)).subtract(BigInteger.ONE);
          case 2 -> low.add(new BigInteger(bits, random));
          default -> big(random.nextInt(100));
        };
  }

  private static Object aFloat(Random random) {
    Float[] special = {
      0f,
      -0f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MAX_VALUE,
      0.1f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE
    };
    return random.nextInt(3) == 0 ? pick(random, special) : random.nextInt(50) / 10f - 2;
  }

  private static Object aDouble(Random random) {
    Double[] special = {
      0.0,
      -0.0,
      Double.NaN,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.MAX_VALUE,
      0.1,
      Double.MIN_VALUE,
      -Double.MIN_VALUE,
      1e-300
    };
    return random.nextInt(3) == 0 ? pick(random, special) : random.nextGaussian();
  }

  private static Object aName(Random random) {
    return "n-" + random.nextInt(2000) + (random.nextInt(50) == 0 ? "\ud83d\ude00" : "");
  }

  private static Object list(Random random, Function<Random, Object> values) {
    List<Object> list = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      list.add(random.nextInt(9) == 0 ? null : values.apply(random));
    }
    return list;
  }

  /** A vector of values, to be closed by the caller. */
  FieldVector vector(List<Object> column, BufferAllocator allocator) {
    FieldVector vector = field.createVector(allocator);
    vector.setInitialCapacity(column.size());
    vector.allocateNew();
    if (vector instanceof ListVector lists) {
      fill(lists, column, allocator);
      return vector;
    }
    for (int row = 0; row < column.size(); row++) {
      if (column.get(row) != null) {
        set(vector, row, column.get(row));
      }
    }
    vector.setValueCount(column.size());
    return vector;
  }

  private static void set(FieldVector vector, int row, Object value) {
    if (vector instanceof VarCharVector texts) {
      texts.setSafe(row, ((String) value).getBytes(StandardCharsets.UTF_8));
    } else if (vector instanceof BitVector bits) {
      bits.set(row, (Boolean) value ? 1 : 0);
    } else {
      BitVectorHelper.setBit(vector.getValidityBuffer(), row);
      int width = ((BaseFixedWidthVector) vector).getTypeWidth();
      long bits;
      if (value instanceof Float number) {
        bits = Float.floatToRawIntBits(number);
      } else if (value instanceof Double number) {
        bits = Double.doubleToRawLongBits(number);
      } else {
        bits = ((BigInteger) value).longValue();
      }
      for (int i = 0; i < width; i++) {
        vector.getDataBuffer().setByte((long) row * width + i, (int) (bits >>> 8 * i));
      }
    }
  }

  private static void fill(ListVector lists, List<Object> column, BufferAllocator allocator) {
    UnionListWriter writer = lists.getWriter();
    for (int row = 0; row < column.size(); row++) {
      writer.setPosition(row);
      if (column.get(row) == null) {
        writer.writeNull();
        continue;
      }
      writer.startList();
      for (Object text : (List<?>) column.get(row)) {
        if (text == null) {
          writer.writeNull();
        } else {
          writer.varChar().writeVarChar((String) text);
        }
      }
      writer.endList();
    }
    lists.setValueCount(column.size());
  }

  /** A value for a filter to compare with: one that rows have, or something beside it. */
  Object literal(Random random) {
    Object value = values.apply(random);
    while (value == null || value instanceof List<?> list && list.indexOf(null) == 0) {
      value = values.apply(random);
    }
    if (value instanceof List<?> list) {
      return list.isEmpty() ? "nowhere" : list.get(0);
    }
    if (value instanceof BigInteger number) {
      BigDecimal exact = new BigDecimal(number);
      return switch (random.nextInt(5)) {
        case 0 -> exact.add(new BigDecimal("0.5"));
        case 1 -> exact.multiply(new BigDecimal("1e30"));
        case 2 -> exact.subtract(BigDecimal.ONE);
        default -> exact;
      };
    }
    if (value instanceof Float || value instanceof Double) {
      double number = ((Number) value).doubleValue();
      if (Double.isNaN(number) || Double.isInfinite(number)) {
        return random.nextBoolean() ? String.valueOf(number) : new BigDecimal("-1e400");
      }
      return random.nextBoolean()
          ? new BigDecimal(number)
          : new BigDecimal(number).add(new BigDecimal("1e-9"));
    }
    return value; // Boolean, String
  }
}
