package io.arbalest.bench.filter;

import io.arbalest.bench.data.DataOptions;
import io.arbalest.engine.Metric;
import io.arbalest.server.cli.io.VectorFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/**
 * Rows, queries, and the columns that filters of known selectivity are made of.
 *
 * <p>Columns that know nothing of the vectors: {@code a} and {@code b}, text of five values, and
 * {@code u}, uniform in 0..9,999. Columns that know them well: {@code near0} to {@code near7} are
 * each the rank of a row among all by its distance to a pivot, in millionths; pivots are rows drawn
 * at random. Rows nearest to a query's nearest pivot are a filter correlated with the query, rows
 * farthest from it one opposed to it. Where {@code base.tsv.gz} lies beside the rows, as in the
 * WordNet set, its {@code pos}, {@code lexname} and {@code words} are columns too.
 */
final class FilterSet {
  static final int PIVOTS = 8;
  static final int UNIFORM = 10_000;
  static final int RANKS = 1_000_000;

  /** Values of {@code a} and {@code b}: each matches 20% of the rows. */
  static final int TEXT_VALUES = 5;

  private static final long SEED = 20_260_101;

  private final Metric metric;
  private final float[][] base;
  private final float[][] queries;
  private final Distances distances;
  private final int[] pivotOfQuery;
  private final List<SetColumn> columns = new ArrayList<>();

  /**
   * @param rowsMax rows to take of the base; 0 takes all
   * @param queriesMax queries to take
   */
  FilterSet(DataOptions options, int rowsMax, int queriesMax) throws IOException {
    metric = Metric.fromWireName(options.metric());
    try (VectorFile baseFile = VectorFile.open(options.base());
        VectorFile queryFile = VectorFile.open(options.queries())) {
      int rows = rowsMax == 0 ? baseFile.rows() : Math.min(rowsMax, baseFile.rows());
      base = baseFile.readFloats(0, rows);
      queries = queryFile.readFloats(0, Math.min(queriesMax, queryFile.rows()));
    }
    if (base[0].length != queries[0].length) {
      throw options.wrong(
          "%s has dimension %d, %s has %d"
              .formatted(options.base(), base[0].length, options.queries(), queries[0].length));
    }
    distances = new Distances(metric, base);
    Path table = options.base().resolveSibling("base.tsv.gz");
    if (Files.isRegularFile(table)) {
      readTable(table);
    }
    Random random = new Random(SEED);
    columns.add(texts("a", random));
    columns.add(texts("b", random));
    int[] uniform = new int[base.length];
    Arrays.setAll(uniform, row -> random.nextInt(UNIFORM));
    columns.add(new SetColumn.Number("u", uniform));
    float[][] pivots = new float[PIVOTS][];
    for (int i = 0; i < PIVOTS; i++) {
      pivots[i] = base[random.nextInt(base.length)];
      columns.add(new SetColumn.Number("near" + i, ranks(pivots[i])));
    }
    pivotOfQuery = new int[queries.length];
    Arrays.setAll(pivotOfQuery, query -> nearestPivot(pivots, queries[query]));
  }

  private SetColumn texts(String name, Random random) {
    String[] values = new String[base.length];
    Arrays.setAll(values, row -> name + random.nextInt(TEXT_VALUES));
    return new SetColumn.Text(name, values);
  }

  private int[] ranks(float[] pivot) {
    float[] nearness = distances.of(pivot);
    Integer[] order = new Integer[base.length];
    Arrays.setAll(order, row -> row);
    Arrays.sort(order, Comparator.comparingDouble(row -> nearness[row]));
    int[] ranks = new int[base.length];
    for (int rank = 0; rank < order.length; rank++) {
      ranks[order[rank]] = (int) ((long) rank * RANKS / order.length);
    }
    return ranks;
  }

  /** The pivot nearest to a query; vectors of one length are ordered alike by every metric. */
  private int nearestPivot(float[][] pivots, float[] query) {
    int best = 0;
    for (int i = 1; i < pivots.length; i++) {
      best = Distances.l2sq(query, pivots[i]) < Distances.l2sq(query, pivots[best]) ? i : best;
    }
    return best;
  }

  private void readTable(Path table) throws IOException {
    String[] pos = new String[base.length];
    String[] lexname = new String[base.length];
    int[] words = new int[base.length];
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(table)), StandardCharsets.UTF_8))) {
      lines.readLine(); // the head: row, id, pos, lexname, words, text
      for (int row = 0; row < base.length; row++) {
        String[] cells = lines.readLine().split("\t");
        pos[row] = cells[2];
        lexname[row] = cells[3];
        words[row] = Integer.parseInt(cells[4]);
      }
    }
    columns.add(new SetColumn.Text("pos", pos));
    columns.add(new SetColumn.Text("lexname", lexname));
    columns.add(new SetColumn.Number("words", words));
  }

  Metric metric() {
    return metric;
  }

  float[][] base() {
    return base;
  }

  float[][] queries() {
    return queries;
  }

  int rows() {
    return base.length;
  }

  int dimension() {
    return base[0].length;
  }

  List<SetColumn> columns() {
    return columns;
  }

  /** Whether the set has a column of this name. */
  boolean has(String column) {
    return columns.stream().anyMatch(found -> found.name().equals(column));
  }

  /** The column of this name, which is there. */
  SetColumn column(String name) {
    return columns.stream().filter(found -> found.name().equals(name)).findFirst().orElseThrow();
  }

  /** The pivot nearest to a query. */
  int pivotOf(int query) {
    return pivotOfQuery[query];
  }

  /** The distances of all rows to a query. */
  float[] distances(float[] query) {
    return distances.of(query);
  }
}
