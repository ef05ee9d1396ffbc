package io.arbalest.store.filter;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.schema.ColumnTypes;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.arrow.vector.types.pojo.Field;

/** Binds a {@link Filter} to a dataset's columns, and refuses by name what does not fit them. */
public final class FilterCompiler {
  private final DatasetSpec spec;
  private int tests; // leaves, and values of `in`

  private FilterCompiler(DatasetSpec spec) {
    this.spec = spec;
  }

  /**
   * Binds a filter.
   *
   * @throws StoreException INVALID_ARGUMENT naming the column, what was found and what is allowed
   */
  public static BoundFilter compile(DatasetSpec spec, Filter filter) {
    return new BoundFilter(filter, new FilterCompiler(spec).bind(filter, 1));
  }

  private FilterNode bind(Filter filter, int depth) {
    if (depth > StoreLimits.FILTER_DEPTH_MAX) {
      throw StoreException.invalid(
          "filter: found a depth of %d, allowed %d", depth, StoreLimits.FILTER_DEPTH_MAX);
    }
    if (filter instanceof Filter.And and) {
      return new FilterNode.And(bindAll(and.operands(), depth));
    } else if (filter instanceof Filter.Or or) {
      return new FilterNode.Or(bindAll(or.operands(), depth));
    } else if (filter instanceof Filter.Not not) {
      return new FilterNode.Not(bind(not.operand(), depth + 1));
    } else if (filter instanceof Filter.Compare compare) {
      return compare(compare);
    } else if (filter instanceof Filter.In in) {
      return in(in);
    } else if (filter instanceof Filter.Between between) {
      return between(between);
    } else if (filter instanceof Filter.Contains contains) {
      return contains(contains);
    }
    Filter.IsNull isNull = (Filter.IsNull) filter;
    return leaf(column(isNull.field(), "is_null"), new ColumnTest.IsNull());
  }

  private List<FilterNode> bindAll(List<Filter> operands, int depth) {
    List<FilterNode> bound = new ArrayList<>(operands.size());
    for (Filter operand : operands) {
      bound.add(bind(operand, depth + 1));
    }
    return bound;
  }

  private FilterNode compare(Filter.Compare filter) {
    Field column = column(filter.field(), filter.op().symbol());
    if (ColumnKind.of(column) != ColumnKind.TEXT) {
      return leaf(
          column,
          new ColumnTest.NumberIn(new NumberLiterals(column).compare(filter.op(), filter.value())));
    }
    String value = text(column, filter.value());
    return switch (filter.op()) {
      case EQ -> leaf(column, new ColumnTest.TextIn(Set.of(value)));
      case NE -> // those that are neither equal nor null
          new FilterNode.Not(
              new FilterNode.Or(
                  List.of(
                      leaf(column, new ColumnTest.TextIn(Set.of(value))),
                      leaf(column, new ColumnTest.IsNull()))));
      case LT -> fits(column, text -> text.compareTo(value) < 0);
      case LE -> fits(column, text -> text.compareTo(value) <= 0);
      case GT -> fits(column, text -> text.compareTo(value) > 0);
      case GE -> fits(column, text -> text.compareTo(value) >= 0);
    };
  }

  private FilterNode in(Filter.In filter) {
    Field column = column(filter.field(), "in");
    count(filter.values().size());
    if (ColumnKind.of(column) == ColumnKind.TEXT) {
      Set<String> values = new HashSet<>();
      filter.values().forEach(value -> values.add(text(column, value)));
      return leaf(column, new ColumnTest.TextIn(values));
    }
    NumberLiterals literals = new NumberLiterals(column);
    List<NumberRanges> points = new ArrayList<>();
    filter.values().forEach(v -> points.add(literals.compare(Filter.Comparison.EQ, v)));
    return leaf(column, new ColumnTest.NumberIn(NumberRanges.union(points)));
  }

  private FilterNode between(Filter.Between filter) {
    Field column = column(filter.field(), "between");
    if (ColumnKind.of(column) == ColumnKind.TEXT) {
      String low = text(column, filter.low());
      String high = text(column, filter.high());
      return fits(column, text -> text.compareTo(low) >= 0 && text.compareTo(high) <= 0);
    }
    NumberLiterals literals = new NumberLiterals(column);
    NumberRanges fromLow = literals.compare(Filter.Comparison.GE, filter.low());
    NumberRanges toHigh = literals.compare(Filter.Comparison.LE, filter.high());
    return leaf(column, new ColumnTest.NumberIn(fromLow.intersect(toHigh)));
  }

  private FilterNode contains(Filter.Contains filter) {
    Field column = column(filter.field(), "contains");
    String value = text(column, filter.value());
    return ColumnKind.of(column) == ColumnKind.TEXT_LIST
        ? leaf(column, new ColumnTest.TextIn(Set.of(value)))
        : fits(column, text -> text.contains(value));
  }

  private FilterNode fits(Field column, Predicate<String> predicate) {
    return leaf(column, new ColumnTest.TextFits(predicate));
  }

  private FilterNode leaf(Field column, ColumnTest test) {
    count(1);
    return new FilterNode.Leaf(spec.columns().indexOf(column), test);
  }

  private void count(int more) {
    tests += more;
    if (tests > StoreLimits.FILTER_TESTS_MAX) {
      throw StoreException.invalid(
          "filter: found more than %d comparisons and values, allowed %d",
          StoreLimits.FILTER_TESTS_MAX, StoreLimits.FILTER_TESTS_MAX);
    }
  }

  /** The column of a field, to which the operator may be applied. */
  private Field column(String field, String op) {
    Field column = spec.column(field);
    if (column == null) {
      throw StoreException.invalid(
          "filter: field '%s': dataset '%s' has no metadata column of that name, allowed %s",
          field, spec.name(), spec.columns().stream().map(Field::getName).toList());
    }
    String allowed = ColumnKind.of(column).ops();
    if (!List.of(allowed.split(" ")).contains(op)) {
      throw StoreException.invalid(
          "filter: column '%s' (%s): found op '%s', allowed %s",
          field, ColumnTypes.describe(column), op, allowed);
    }
    return column;
  }

  /** A text as columns hand them out: a character for each byte of its UTF-8. */
  private static String text(Field column, Object value) {
    if (!(value instanceof String text)) {
      throw StoreException.invalid(
          "filter: column '%s' (%s): found %s, allowed a text",
          column.getName(), ColumnTypes.describe(column), NumberLiterals.describe(value));
    }
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (CharacterCodingException e) {
      throw StoreException.invalid(
          "filter: column '%s': found half a surrogate pair, allowed Unicode text",
          column.getName());
    }
  }
}
