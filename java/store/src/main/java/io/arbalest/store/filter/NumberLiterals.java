package io.arbalest.store.filter;

import io.arbalest.store.StoreException;
import io.arbalest.store.rows.NumberKeys;
import io.arbalest.store.schema.ColumnTypes;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What a filter's values mean to a column of numbers, times or bools: sets of keys. Integers and
 * times compare exactly, whatever fraction the value has; floats compare with the value rounded to
 * the column's type, so that exactly one of {@code <}, {@code =} and {@code >} holds.
 */
final class NumberLiterals {
  private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);
  private static final BigInteger UNSIGNED_SHIFT = BigInteger.ONE.shiftLeft(63);
  private static final int DIGITS_MAX = 40; // of integers that can be near 64 bits

  private final Field column;
  private final ColumnKind kind;

  NumberLiterals(Field column) {
    this.column = column;
    this.kind = ColumnKind.of(column);
  }

  /** Where a value lies among the keys: at {@code key}, or above it and below the next one. */
  private record Place(long key, boolean isAt, boolean isBelowAll) {
    private static final Place BELOW_ALL = new Place(Long.MIN_VALUE, false, true);

    static Place at(long key) {
      return new Place(key, true, false);
    }

    static Place above(long key) {
      return new Place(key, false, false);
    }
  }

  /** The keys that stand in a relation to a value. */
  NumberRanges compare(Filter.Comparison op, Object value) {
    if (isNaN(value)) {
      NumberRanges equal = NumberRanges.between(NumberKeys.NAN, NumberKeys.NAN);
      return switch (op) {
        case EQ -> equal;
        case NE -> equal.complement(Long.MAX_VALUE);
        case LT, LE, GT, GE -> throw refused(value, "for = and != alone, as nothing is below NaN");
      };
    }
    Place place = place(value);
    return switch (op) {
      case EQ -> equal(place);
      case NE -> equal(place).complement(Long.MAX_VALUE);
      case LT -> below(place);
      case LE -> upTo(place);
      case GT -> upTo(place).complement(greatest());
      case GE -> below(place).complement(greatest());
    };
  }

  /** NaN is beyond it, and in no relation but {@code =} and {@code !=}. */
  private long greatest() {
    return kind == ColumnKind.FLOATING ? NumberKeys.INFINITY : Long.MAX_VALUE;
  }

  private static NumberRanges equal(Place place) {
    return place.isAt ? NumberRanges.between(place.key, place.key) : NumberRanges.empty();
  }

  private static NumberRanges upTo(Place place) {
    return place.isBelowAll
        ? NumberRanges.empty()
        : NumberRanges.between(Long.MIN_VALUE, place.key);
  }

  private static NumberRanges below(Place place) {
    if (!place.isAt) {
      return upTo(place);
    }
    return place.key == Long.MIN_VALUE
        ? NumberRanges.empty()
        : NumberRanges.between(Long.MIN_VALUE, place.key - 1);
  }

  private boolean isNaN(Object value) {
    return kind == ColumnKind.FLOATING && "NaN".equals(value);
  }

  private Place place(Object value) {
    return switch (kind) {
      case BOOL -> {
        if (value instanceof Boolean flag) {
          yield Place.at(flag ? 1 : 0);
        }
        throw refused(value, "true or false");
      }
      case INTEGER -> {
        if (value instanceof BigDecimal number) {
          yield ofInteger(number);
        }
        throw refused(value, "a number");
      }
      case FLOATING -> ofFloating(value);
      case TIME -> ofTime(value);
      case TEXT, TEXT_LIST -> throw new IllegalStateException("a column of texts");
    };
  }

  private Place ofInteger(BigDecimal number) {
    int digits = number.precision() - number.scale(); // before the point; written out they may be
    if (digits > DIGITS_MAX) { // more than there is memory for
      return number.signum() < 0 ? Place.BELOW_ALL : Place.above(Long.MAX_VALUE);
    }
    if (digits <= 0) {
      BigInteger floor = number.signum() < 0 ? BigInteger.ONE.negate() : BigInteger.ZERO;
      return ofInteger(floor, number.signum() == 0);
    }
    BigDecimal floor = number.setScale(0, RoundingMode.FLOOR);
    return ofInteger(floor.toBigIntegerExact(), floor.compareTo(number) == 0);
  }

  /** The place of an integer, or of what is above it and below the next. */
  private Place ofInteger(BigInteger floor, boolean isExact) {
    boolean isUnsigned = column.getType() instanceof ArrowType.Int type && !type.getIsSigned();
    boolean isShifted = isUnsigned && ((ArrowType.Int) column.getType()).getBitWidth() == 64;
    BigInteger key = isShifted ? floor.subtract(UNSIGNED_SHIFT) : floor;
    if (key.compareTo(LONG_MIN) < 0) {
      return Place.BELOW_ALL;
    }
    if (key.compareTo(LONG_MAX) > 0) {
      return Place.above(Long.MAX_VALUE);
    }
    return new Place(key.longValueExact(), isExact, false);
  }

  private Place ofFloating(Object value) {
    if (value instanceof BigDecimal number) {
      boolean isSingle =
          ((ArrowType.FloatingPoint) column.getType()).getPrecision()
              == FloatingPointPrecision.SINGLE;
      double rounded = isSingle ? number.floatValue() : number.doubleValue();
      if (!Double.isInfinite(rounded)) {
        return Place.at(NumberKeys.ofDouble(rounded));
      }
      // Beyond the largest number of the type, and not infinite.
      return rounded < 0
          ? Place.above(NumberKeys.ofDouble(Double.NEGATIVE_INFINITY))
          : Place.above(NumberKeys.ofDouble(isSingle ? Float.MAX_VALUE : Double.MAX_VALUE));
    }
    if ("Infinity".equals(value) || "-Infinity".equals(value)) {
      return Place.at(NumberKeys.ofDouble(Double.parseDouble((String) value)));
    }
    throw refused(value, "a number, 'Infinity', '-Infinity' or 'NaN'");
  }

  private Place ofTime(Object value) {
    if (value instanceof BigDecimal number) {
      return ofInteger(number);
    }
    TimeUnits units = TimeUnits.of(column);
    if (value instanceof String text) {
      BigInteger nanos = TimeUnits.parse(text);
      if (nanos != null) {
        BigInteger[] parts = nanos.divideAndRemainder(units.nanos());
        boolean isExact = parts[1].signum() == 0;
        return ofInteger(
            isExact || nanos.signum() >= 0 ? parts[0] : parts[0].subtract(BigInteger.ONE), isExact);
      }
    }
    throw refused(
        value,
        "ISO 8601 text as 2024-01-31 or 2024-01-31T12:00:00Z, or a number of "
            + units.wireName()
            + " since 1970");
  }

  private StoreException refused(Object value, String allowed) {
    return StoreException.invalid(
        "filter: column '%s' (%s): found %s, allowed %s",
        column.getName(), ColumnTypes.describe(column), describe(value), allowed);
  }

  /** A value as a message shows it. */
  static String describe(Object value) {
    return value instanceof String ? "'" + value + "'" : String.valueOf(value);
  }
}
