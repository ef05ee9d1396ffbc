package io.arbalest.store.filter;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a filter means, row by row, said as plainly as possible. */
final class FilterOracle {
  private FilterOracle() {}

  /** Whether a row matches; its values as {@link TestColumn} has them. */
  static boolean matches(Filter filter, Map<String, Object> row) {
    if (filter instanceof Filter.And and) {
      return and.operands().stream().allMatch(operand -> matches(operand, row));
    } else if (filter instanceof Filter.Or or) {
      return or.operands().stream().anyMatch(operand -> matches(operand, row));
    } else if (filter instanceof Filter.Not not) {
      return !matches(not.operand(), row);
    } else if (filter instanceof Filter.IsNull isNull) {
      return row.get(isNull.field()) == null;
    } else if (filter instanceof Filter.Compare compare) {
      Object value = row.get(compare.field());
      return value != null && compare(value, compare.op(), compare.value());
    } else if (filter instanceof Filter.In in) {
      Object value = row.get(in.field());
      return value != null
          && in.values().stream().anyMatch(v -> compare(value, Filter.Comparison.EQ, v));
    } else if (filter instanceof Filter.Between between) {
      Object value = row.get(between.field());
      return value != null
          && compare(value, Filter.Comparison.GE, between.low())
          && compare(value, Filter.Comparison.LE, between.high());
    }
    Filter.Contains contains = (Filter.Contains) filter;
    Object value = row.get(contains.field());
    return value instanceof List<?> list
        ? list.stream().anyMatch(element -> Objects.equals(element, contains.value()))
        : value != null && ((String) value).contains((String) contains.value());
  }

  private static boolean compare(Object value, Filter.Comparison op, Object wanted) {
    boolean isNaN =
        "NaN".equals(value.toString()) || value instanceof Number && "NaN".equals(wanted);
    if (isNaN) {
      boolean isEqual = value.toString().equals(wanted);
      return op == Filter.Comparison.EQ ? isEqual : op == Filter.Comparison.NE && !isEqual;
    }
    int order = order(value, wanted);
    return switch (op) {
      case EQ -> order == 0;
      case NE -> order != 0;
      case LT -> order < 0;
      case LE -> order <= 0;
      case GT -> order > 0;
      case GE -> order >= 0;
    };
  }

  private static int order(Object value, Object wanted) {
    if (value instanceof Boolean flag) {
      return flag.compareTo((Boolean) wanted);
    } else if (value instanceof String text) {
      return Arrays.compareUnsigned(
          text.getBytes(StandardCharsets.UTF_8),
          ((String) wanted).getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof BigInteger number) {
      return new BigDecimal(number).compareTo((BigDecimal) wanted);
    }
    double number = ((Number) value).doubleValue();
    if (wanted instanceof String infinity) {
      return Double.compare(number, Double.parseDouble(infinity));
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? 1 : -1; // a decimal number is finite
    }
    BigDecimal exact = (BigDecimal) wanted;
    double rounded = value instanceof Float ? exact.floatValue() : exact.doubleValue();
    return Double.isInfinite(rounded)
        ? new BigDecimal(number).compareTo(exact)
        : new BigDecimal(number).compareTo(new BigDecimal(rounded));
  }

  /** Microseconds since 1970 of a time of a test. */
  static BigDecimal micros(OffsetDateTime time) {
    return BigDecimal.valueOf(time.toEpochSecond())
        .multiply(BigDecimal.valueOf(1_000_000))
        .add(BigDecimal.valueOf(time.getNano()).movePointLeft(3));
  }

  /** Microseconds since 1970 of the first moment of a day. */
  static BigDecimal micros(LocalDate day) {
    return micros(day.atStartOfDay().atOffset(ZoneOffset.UTC));
  }
}
