package io.arbalest.store.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Draws filters that fit some columns. */
final class RandomFilters {
  private RandomFilters() {}

  /** A tree of this height at most. */
  static Filter tree(List<TestColumn> columns, Random random, int height) {
    if (height == 0 || random.nextInt(4) == 0) {
      return leaf(columns.get(random.nextInt(columns.size())), random);
    }
    return switch (random.nextInt(5)) {
      case 0, 1 -> new Filter.And(trees(columns, random, height));
      case 2, 3 -> new Filter.Or(trees(columns, random, height));
      default -> new Filter.Not(tree(columns, random, height - 1));
    };
  }

  private static List<Filter> trees(List<TestColumn> columns, Random random, int height) {
    return IntStream.range(0, random.nextInt(4))
        .mapToObj(i -> tree(columns, random, height - 1))
        .toList();
  }

  /** A test of a column by a random operator. */
  static Filter leaf(TestColumn column, Random random) {
    List<String> ops = List.of(ColumnKind.of(column.field()).ops().split(" "));
    return leaf(column, ops.get(random.nextInt(ops.size())), random);
  }

  /** A test of a column by an operator that it has. */
  static Filter leaf(TestColumn column, String op, Random random) {
    String name = column.name();
    return switch (op) {
      case "is_null" -> new Filter.IsNull(name);
      case "contains" -> new Filter.Contains(name, column.literal(random));
      case "in" -> {
        List<Object> values = new ArrayList<>();
        for (int i = random.nextInt(random.nextInt(10) == 0 ? 100 : 4); i > 0; i--) {
          values.add(column.literal(random));
        }
        yield new Filter.In(name, values);
      }
      case "between" ->
          new Filter.Between(name, comparable(column, random), comparable(column, random));
      case "=" -> compare(name, Filter.Comparison.EQ, column.literal(random));
      case "!=" -> compare(name, Filter.Comparison.NE, column.literal(random));
      case "<" -> compare(name, Filter.Comparison.LT, comparable(column, random));
      case "<=" -> compare(name, Filter.Comparison.LE, comparable(column, random));
      case ">" -> compare(name, Filter.Comparison.GT, comparable(column, random));
      case ">=" -> compare(name, Filter.Comparison.GE, comparable(column, random));
      default -> throw new IllegalArgumentException(op);
    };
  }

  private static Filter compare(String name, Filter.Comparison op, Object value) {
    return new Filter.Compare(name, op, value);
  }

  /** NaN stands in no order. */
  private static Object comparable(TestColumn column, Random random) {
    Object literal = column.literal(random);
    while ("NaN".equals(literal)) {
      literal = column.literal(random);
    }
    return literal;
  }
}
