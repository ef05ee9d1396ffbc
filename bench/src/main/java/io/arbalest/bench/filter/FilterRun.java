package io.arbalest.bench.filter;

import io.arbalest.bench.report.Median;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.store.Dataset;
import io.arbalest.store.FilterCacheStatus;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.filter.Filter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Searches a dataset by every filter, in turns with the search without one.
 *
 * <p>A turn asks all queries one by one through {@link Dataset#search}: without a filter, at the
 * breadth that reaches recall 0.95 here, then with the cell's. A ratio is taken within a turn,
 * where both halves met the same machine, after a warm-up. What filters selected is kept from query
 * to query, as it is for users, and before the turns a filter may earn an index of its rows; what
 * the first search with a filter takes and what building takes is measured apart.
 */
final class FilterRun implements AutoCloseable {
  private static final double UNFILTERED_RECALL = 0.95;
  private static final int EF_MAX = 2048;

  /** Searches of all cells go on for so long before the first is measured: a JVM starts slowly. */
  private static final double WARM_UP_SECONDS = 8;

  /** Searches of a cell whose filter is forgotten before them. */
  private static final int FIRST_SEARCHES = 25;

  /** Searches with a filter after which it will not earn an index any more. */
  private static final int EARNING_SEARCHES_MAX = 15_000;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final Dataset dataset;
  private final FilterTruth truth;
  private final List<FilterCell> cells;
  private final BufferAllocator allocator;
  private final int rows;
  private final List<FixedSizeListVector> queries = new ArrayList<>();

  /** What the queries of a cell brought in one turn. */
  private static final class Turn {
    final Map<String, Integer> strategies = new TreeMap<>();
    final long[] nanos;
    long visited;
    int found;
    int wanted;
    int missing;

    Turn(int queries) {
      nanos = new long[queries];
    }

    double meanNanos() {
      return Arrays.stream(nanos).average().orElseThrow();
    }

    double recall() {
      return wanted == 0 ? 1 : (double) found / wanted;
    }
  }

  /**
   * @param cells those of the truth; the first is the search without a filter
   */
  FilterRun(FilterDataset data, FilterSet set, List<FilterCell> cells, FilterTruth truth) {
    this.dataset = data.dataset();
    this.truth = truth;
    this.cells = cells;
    this.allocator = data.allocator();
    this.rows = set.rows();
    for (int query = 0; query < set.queries().length; query++) {
      queries.add(VectorColumns.of(set.queries(), query, 1, allocator));
    }
  }

  /** The smallest breadth that gives an unfiltered search recall 0.95. */
  int unfilteredEf() throws IOException {
    return LeastBreadth.of(
            truth.k(), EF_MAX, UNFILTERED_RECALL, () -> true, ef -> turn(0, ef, null).recall())
        .ef();
  }

  /**
   * Measures all cells.
   *
   * @param ef of the unfiltered search
   * @param filteredTarget the recall that filtered searches ask for; null asks for none
   * @param peers take turns with ours, at recalls of 0.95 without a filter and 0.99 with one
   */
  void measure(
      int ef, Double filteredTarget, int rounds, FilterPeers peers, Consumer<FilterRow> out)
      throws IOException {
    warmUp(ef, filteredTarget);
    for (int cell = 0; cell < cells.size(); cell++) {
      Integer fixed = cell == 0 ? Integer.valueOf(ef) : null;
      List<Turn> turns = new ArrayList<>();
      double[] ratios = new double[rounds];
      peers.begin(cell, cell == 0 ? UNFILTERED_RECALL : FilterRow.RECALL_TARGET);
      Double target = fixed == null ? filteredTarget : null;
      Double builtMs = cell == 0 ? null : earn(cell, target);
      turn(0, ef, null);
      turn(cell, fixed, target);
      for (int round = 0; round < rounds; round++) {
        double unfiltered = turn(0, ef, null).meanNanos();
        turns.add(turn(cell, fixed, target));
        ratios[round] = turns.get(round).meanNanos() / unfiltered;
        peers.turn(cell);
      }
      peers.end(cell, turns.stream().mapToDouble(Turn::meanNanos).toArray());
      double firstUs = firstMicros(cell, fixed, target);
      out.accept(row(cell, turns, firstUs, builtMs, Median.of(ratios)));
    }
  }

  private void warmUp(int ef, Double filteredTarget) {
    long start = System.nanoTime();
    for (int cell = 0; System.nanoTime() - start < WARM_UP_SECONDS * 1e9; cell++) {
      turn(0, ef, null);
      turn(cell % cells.size(), null, filteredTarget);
    }
    while (dataset.status().filterCache().subsetsDue() > 0) {
      turn(0, ef, null); // what is being built would count as the first cell's
    }
    dataset.forgetFilters();
  }

  /**
   * Searches by a cell's filters until they have an index of their rows, or are not to have one.
   *
   * @return what building one took, the mean in milliseconds; null if none was built
   */
  private Double earn(int cell, Double target) {
    int filters = cells.get(cell).parts().size();
    FilterCacheStatus before = dataset.status().filterCache();
    FilterCacheStatus now = before;
    long searches = 0;
    while (now.subsetsDue() > 0
        || (now.subsetBuilds() - before.subsetBuilds() < filters
            && searches < (long) filters * EARNING_SEARCHES_MAX)) {
      turn(cell, null, target);
      searches += queries.size();
      now = dataset.status().filterCache();
    }
    long built = now.subsetBuilds() - before.subsetBuilds();
    return built == 0 ? null : (now.subsetNanos() - before.subsetNanos()) / 1e6 / built;
  }

  /** What a search takes that is the first to use its filter: the median. */
  private double firstMicros(int cell, Integer ef, Double target) {
    List<FilterCell.Part> parts = cells.get(cell).parts();
    double[] micros = new double[FIRST_SEARCHES];
    for (int i = 0; i < micros.length; i++) {
      FilterCell.Part part = parts.get(i % parts.size());
      int query = part.queries()[i / parts.size() % part.queries().length];
      SearchRequest request = request(query, part.filter(), ef, target);
      dataset.forgetFilters();
      long start = threads.getCurrentThreadCpuTime();
      dataset.search(request, allocator).close();
      micros[i] = (threads.getCurrentThreadCpuTime() - start) / 1e3;
    }
    return Median.of(micros);
  }

  private FilterRow row(int cell, List<Turn> turns, double firstUs, Double builtMs, double ratio) {
    FilterCell of = cells.get(cell);
    Turn first = turns.get(0);
    double[] means = turns.stream().mapToDouble(turn -> turn.meanNanos() / 1e3).toArray();
    double[] p99s = turns.stream().mapToDouble(turn -> p99(turn.nanos) / 1e3).toArray();
    return new FilterRow(
        "arbalest",
        of.name(),
        of.kind(),
        of.matching() / rows,
        of.matching(),
        truth.localRate(cell),
        strategies(first),
        first.recall(),
        first.missing,
        Median.of(means),
        Median.of(p99s),
        firstUs,
        builtMs,
        (double) first.visited / queries.size(),
        ratio);
  }

  private static String strategies(Turn turn) {
    if (turn.strategies.size() == 1) {
      return turn.strategies.keySet().iterator().next();
    }
    List<String> shares = new ArrayList<>();
    turn.strategies.forEach(
        (name, count) ->
            shares.add(
                String.format(Locale.ROOT, "%s %.0f%%", name, 100.0 * count / turn.nanos.length)));
    return String.join(", ", shares);
  }

  /** All queries of a cell, one by one. */
  private Turn turn(int cell, Integer ef, Double target) {
    Turn turn = new Turn(queries.size());
    for (FilterCell.Part part : cells.get(cell).parts()) {
      for (int query : part.queries()) {
        SearchRequest request = request(query, part.filter(), ef, target);
        long start = threads.getCurrentThreadCpuTime();
        try (SearchAnswer answer = dataset.search(request, allocator)) {
          turn.nanos[query] = threads.getCurrentThreadCpuTime() - start;
          int[] hits = hits(answer);
          turn.strategies.merge(answer.strategy(), 1, Integer::sum);
          turn.visited += answer.visited();
          turn.found += truth.found(cell, query, hits);
          turn.wanted += truth.wanted(cell, query);
          turn.missing += hits.length < truth.wanted(cell, query) ? 1 : 0;
        }
      }
    }
    return turn;
  }

  private SearchRequest request(int query, Filter filter, Integer ef, Double target) {
    return SearchRequest.builder()
        .queries(queries.get(query))
        .k(truth.k())
        .ef(ef)
        .targetRecall(target)
        .filter(filter)
        .cache(false)
        .build();
  }

  private static int[] hits(SearchAnswer answer) {
    BigIntVector ids = (BigIntVector) answer.root().getVector("id");
    int[] rows = new int[answer.root().getRowCount()];
    Arrays.setAll(rows, i -> (int) ids.get(i));
    return rows;
  }

  private static double p99(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(sorted.length * 0.99) - 1];
  }

  @Override
  public void close() {
    queries.forEach(FixedSizeListVector::close);
  }
}
