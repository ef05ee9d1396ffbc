package io.arbalest.bench.filter;

import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** The filters of {@code bench filter}, in the order of the table. */
final class FilterCells {
  /** Selectivities in the order of the table; 4% is two fields of 20% each. */
  private static final double[] SELECTIVITIES = {0.2, 0.1, 0.04, 0.01, 0.001, 0.0001};

  private static final double TWO_FIELDS = 0.04;
  private static final double FIELD = 0.2;

  private final FilterSet set;
  private final List<FilterCell> cells = new ArrayList<>();

  private FilterCells(FilterSet set) {
    this.set = set;
  }

  /** All cells of a set. */
  static List<FilterCell> of(FilterSet set) {
    FilterCells made = new FilterCells(set);
    made.addColumns();
    for (double selectivity : SELECTIVITIES) {
      made.addIndependent(selectivity);
    }
    for (double selectivity : SELECTIVITIES) {
      made.addPivoted(selectivity, "correlated");
    }
    for (double selectivity : SELECTIVITIES) {
      made.addPivoted(selectivity, "opposed");
    }
    return made.cells;
  }

  /** The search without a filter. */
  static FilterCell unfiltered(FilterSet set) {
    BitSet all = new BitSet(set.rows());
    all.set(0, set.rows());
    return new FilterCell("none", "none", List.of(new FilterCell.Part(allQueries(set), null, all)));
  }

  private void addColumns() {
    if (!set.has("pos")) {
      return;
    }
    add("column", equal("pos", "verb"));
    add("column", new Filter.Not(equal("pos", "noun")));
    add("column", equal("lexname", "noun.food"));
    add("column", equal("lexname", "verb.weather"));
    add("column", compare("words", Comparison.GE, 4));
    add("column", and(equal("pos", "noun"), compare("words", Comparison.GE, 3)));
  }

  private void addIndependent(double selectivity) {
    if (selectivity == TWO_FIELDS) {
      add("independent", and(equal("a", "a0"), equal("b", "b0")));
    } else if (selectivity == FIELD) {
      add("independent", equal("a", "a0"));
    } else {
      int end = (int) Math.round(selectivity * FilterSet.UNIFORM);
      add("independent", compare("u", Comparison.LT, end));
    }
  }

  private void add(String kind, Filter filter) {
    cells.add(new FilterCell(text(filter), kind, List.of(part(allQueries(set), filter))));
  }

  private void addPivoted(double selectivity, String kind) {
    List<FilterCell.Part> parts = new ArrayList<>();
    for (int pivot = 0; pivot < FilterSet.PIVOTS; pivot++) {
      int at = pivot;
      int[] queries =
          IntStream.range(0, set.queries().length).filter(q -> set.pivotOf(q) == at).toArray();
      if (queries.length > 0) {
        parts.add(part(queries, pivoted("near" + pivot, selectivity, kind)));
      }
    }
    cells.add(new FilterCell(text(pivoted("nearP", selectivity, kind)), kind, parts));
  }

  private static Filter pivoted(String column, double selectivity, String kind) {
    double share = selectivity == TWO_FIELDS ? FIELD : selectivity;
    int ranks = (int) Math.round(share * FilterSet.RANKS);
    Filter near =
        kind.equals("correlated")
            ? compare(column, Comparison.LT, ranks)
            : compare(column, Comparison.GE, FilterSet.RANKS - ranks);
    return selectivity == TWO_FIELDS ? and(near, equal("a", "a0")) : near;
  }

  private FilterCell.Part part(int[] queries, Filter filter) {
    BitSet matches = new BitSet(set.rows());
    IntPredicate predicate = predicate(filter);
    for (int row = 0; row < set.rows(); row++) {
      matches.set(row, predicate.test(row));
    }
    return new FilterCell.Part(queries, filter, matches);
  }

  /** Whether a row matches, told from the columns as they were made. */
  private IntPredicate predicate(Filter filter) {
    if (filter instanceof Filter.And and) {
      return and.operands().stream().map(this::predicate).reduce(row -> true, IntPredicate::and);
    }
    if (filter instanceof Filter.Not not) {
      return predicate(not.operand()).negate();
    }
    Filter.Compare compare = (Filter.Compare) filter;
    if (set.column(compare.field()) instanceof SetColumn.Text text) {
      return row -> text.values()[row].equals(compare.value());
    }
    int[] values = ((SetColumn.Number) set.column(compare.field())).values();
    int value = ((BigDecimal) compare.value()).intValueExact();
    return compare.op() == Comparison.LT ? row -> values[row] < value : row -> values[row] >= value;
  }

  private static int[] allQueries(FilterSet set) {
    return IntStream.range(0, set.queries().length).toArray();
  }

  private static Filter equal(String field, String value) {
    return new Filter.Compare(field, Comparison.EQ, value);
  }

  private static Filter compare(String field, Comparison op, int value) {
    return new Filter.Compare(field, op, BigDecimal.valueOf(value));
  }

  private static Filter and(Filter left, Filter right) {
    return new Filter.And(List.of(left, right));
  }

  private static String text(Filter filter) {
    if (filter instanceof Filter.And and) {
      return String.join(" and ", and.operands().stream().map(FilterCells::text).toList());
    }
    if (filter instanceof Filter.Not not) {
      return "not " + text(not.operand());
    }
    Filter.Compare compare = (Filter.Compare) filter;
    return String.format(
        Locale.ROOT, "%s %s %s", compare.field(), compare.op().symbol(), compare.value());
  }
}
