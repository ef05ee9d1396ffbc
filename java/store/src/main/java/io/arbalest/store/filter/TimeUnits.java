package io.arbalest.store.filter;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Units that date and timestamp columns count in since 1970. */
enum TimeUnits {
  DAYS(86_400_000_000_000L),
  SECONDS(1_000_000_000L),
  MILLISECONDS(1_000_000L),
  MICROSECONDS(1_000L),
  NANOSECONDS(1L);

  /** ISO 8601: a date, perhaps a time, perhaps an offset. */
  private static final DateTimeFormatter FORMAT =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .optionalStart()
          .appendLiteral('T')
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .optionalStart()
          .appendOffsetId()
          .toFormatter(Locale.ROOT);

  private final BigInteger nanos;

  TimeUnits(long nanos) {
    this.nanos = BigInteger.valueOf(nanos);
  }

  /** The unit of a column. */
  static TimeUnits of(Field column) {
    if (column.getType() instanceof ArrowType.Date date) {
      return date.getUnit() == DateUnit.DAY ? DAYS : MILLISECONDS;
    }
    return switch (((ArrowType.Timestamp) column.getType()).getUnit()) {
      case SECOND -> SECONDS;
      case MILLISECOND -> MILLISECONDS;
      case MICROSECOND -> MICROSECONDS;
      case NANOSECOND -> NANOSECONDS;
    };
  }

  /** Nanoseconds of one. */
  BigInteger nanos() {
    return nanos;
  }

  String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Nanoseconds since 1970 of a date or time in ISO 8601; null if it is none. A date is its first
   * moment, and a time without an offset is UTC.
   */
  static BigInteger parse(String text) {
    TemporalAccessor found;
    try {
      found = FORMAT.parseBest(text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    } catch (DateTimeException e) {
      return null;
    }
    OffsetDateTime time;
    if (found instanceof OffsetDateTime withOffset) {
      time = withOffset;
    } else if (found instanceof LocalDateTime local) {
      time = local.atOffset(ZoneOffset.UTC);
    } else {
      time = ((LocalDate) found).atStartOfDay().atOffset(ZoneOffset.UTC);
    }
    return BigInteger.valueOf(time.toEpochSecond())
        .multiply(SECONDS.nanos)
        .add(BigInteger.valueOf(time.getNano()));
  }
}
