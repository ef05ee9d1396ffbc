package io.arbalest.server.flight;

import io.arbalest.store.StoreException;
import io.arbalest.store.filter.Filter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads a filter: {@code {"and":[…]}}, {@code {"or":[…]}}, {@code {"not":…}} or {@code
 * {"field":…,"op":…,"value":…}}. Whether its fields are there and its values fit is the store's to
 * say.
 */
final class FilterParser {
  /** Trees inside trees: a parser that calls itself must not be led into a stack overflow. */
  private static final int DEPTH_MAX = 32;

  private static final String IN = "in";
  private static final String BETWEEN = "between";
  private static final String IS_NULL = "is_null";
  private static final String CONTAINS = "contains";
  private static final Set<String> COMPARISON_KEYS = Set.of("field", "op", "value");
  private static final String OPS =
      Arrays.stream(Filter.Comparison.values())
              .map(Filter.Comparison::symbol)
              .collect(Collectors.joining(" "))
          + String.join(" ", "", IN, BETWEEN, IS_NULL, CONTAINS);

  private FilterParser() {}

  /** The filter of an object under a key; null if it has none. */
  static Filter optional(Fields fields, String key) {
    return fields.has(key) ? parse(fields.object(key), 1) : null;
  }

  private static Filter parse(Fields fields, int depth) {
    if (depth > DEPTH_MAX) {
      throw StoreException.invalid(
          "%s: found a depth of %d, allowed %d", fields.path(), depth, DEPTH_MAX);
    }
    if (fields.has("and")) {
      return new Filter.And(operands(fields, "and", depth));
    }
    if (fields.has("or")) {
      return new Filter.Or(operands(fields, "or", depth));
    }
    if (fields.has("not")) {
      return new Filter.Not(parse(fields.allow(Set.of("not")).object("not"), depth + 1));
    }
    if (!fields.has("field")) {
      throw StoreException.invalid(
          "%s: found none of and, or, not, field, allowed exactly one", fields.path());
    }
    return comparison(fields.allow(COMPARISON_KEYS));
  }

  private static List<Filter> operands(Fields fields, String key, int depth) {
    List<Filter> operands = new ArrayList<>();
    for (Fields operand : fields.allow(Set.of(key)).objects(key)) {
      operands.add(parse(operand, depth + 1));
    }
    if (operands.isEmpty()) {
      throw StoreException.invalid("%s: found no filter, allowed one or more", fields.name(key));
    }
    return operands;
  }

  private static Filter comparison(Fields fields) {
    String field = fields.text("field");
    String op = fields.text("op");
    switch (op) {
      case IN:
        return new Filter.In(field, fields.scalars("value"));
      case BETWEEN:
        List<Object> bounds = fields.scalars("value");
        if (bounds.size() != 2) {
          throw StoreException.invalid(
              "%s: found %d values, allowed 2, the lowest and the highest",
              fields.name("value"), bounds.size());
        }
        return new Filter.Between(field, bounds.get(0), bounds.get(1));
      case IS_NULL:
        Filter isNull = new Filter.IsNull(field);
        return fields.flag("value", true) ? isNull : new Filter.Not(isNull);
      case CONTAINS:
        return new Filter.Contains(field, fields.scalar("value"));
      default:
        return new Filter.Compare(field, symbol(fields, op), fields.scalar("value"));
    }
  }

  private static Filter.Comparison symbol(Fields fields, String op) {
    Optional<Filter.Comparison> found =
        Arrays.stream(Filter.Comparison.values()).filter(c -> c.symbol().equals(op)).findFirst();
    return found.orElseThrow(
        () ->
            StoreException.invalid(
                "%s: found '%s', allowed one of %s", fields.name("op"), op, OPS));
  }
}
