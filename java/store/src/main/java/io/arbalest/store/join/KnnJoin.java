package io.arbalest.store.join;

import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.ScanRequest;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.VectorsAs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A join in progress: {@code while (join.next()) use(join.root());}. The left rows are read in the
 * order of their writing, a tile at a time; a tile's answers are at most one root. Rows that live
 * from the beginning to the end are joined; others may be. A row of a dataset joined with itself
 * does not find itself. Not thread-safe.
 */
public final class KnnJoin implements AutoCloseable {
  /** The column of the left row's id. */
  public static final String LEFT_ID = "left_id";

  /** The column of the right row's id. */
  public static final String RIGHT_ID = "right_id";

  /** Pairs searched for at a time: bounds what a join holds in memory. */
  static final int PAIRS_AT_A_TIME = 1 << 20;

  private final KnnJoinRequest request;
  private final boolean withItself;
  private final SearchRequest template;
  private final Schema schema;
  private final TileSource left;
  private final TileSearch search;
  private final VectorSchemaRoot root;
  private final Deque<int[]> pieces = new ArrayDeque<>();
  private Tile tile;

  private KnnJoin(
      TileSource left,
      boolean withItself,
      Dataset rightSet,
      KnnJoinRequest request,
      BufferAllocator allocator) {
    this.left = left;
    this.request = request;
    this.withItself = withItself;
    int most = withItself ? StoreLimits.K_MAX - 1 : StoreLimits.K_MAX;
    if (request.k() < 1 || request.k() > most) {
      throw StoreException.invalid("k: found %d, allowed 1..%d", request.k(), most);
    }
    this.template = template(rightSet);
    this.schema = schema(left.ids(), rightSet.searchSchema(template));
    this.search = new TileSearch(rightSet, request.timeout(), allocator);
    this.root = VectorSchemaRoot.create(schema, allocator);
  }

  /** Begins a join of the rows of a dataset; see {@link Dataset#knnJoin}. */
  public static KnnJoin ofRows(
      Dataset left, Dataset right, KnnJoinRequest request, BufferAllocator allocator) {
    checkAlike(left.spec(), right.spec());
    ScanRequest rows =
        new ScanRequest(request.leftFilter(), List.of(), stored(left.spec()), Long.MAX_VALUE);
    TileSource source = TileSource.ofScan(left.scan(rows, allocator));
    try {
      return new KnnJoin(source, left == right, right, request, allocator);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * Begins a join of rows that come from elsewhere.
   *
   * @param left closed with the join, or by the caller where this throws
   */
  public static KnnJoin ofSource(
      TileSource left, Dataset right, KnnJoinRequest request, BufferAllocator allocator) {
    if (request.leftFilter() != null) {
      throw StoreException.invalid(
          "left_filter: found one, allowed none where the left rows are no dataset's");
    }
    return new KnnJoin(left, false, right, request, allocator);
  }

  private static void checkAlike(DatasetSpec left, DatasetSpec right) {
    if (left.dimension() != right.dimension()) {
      throw StoreException.invalid(
          "right: dataset '%s' has dimension %d, allowed %d as left dataset '%s' has",
          right.name(), right.dimension(), left.dimension(), left.name());
    }
    if (left.metric() != right.metric()) {
      throw StoreException.invalid(
          "right: dataset '%s' has metric %s, allowed %s as left dataset '%s' has",
          right.name(), right.metric().wireName(), left.metric().wireName(), left.name());
    }
  }

  /** The form in which rows are read without a change. */
  static VectorsAs stored(DatasetSpec spec) {
    return switch (spec.element()) {
      case FLOAT16 -> VectorsAs.FLOAT16;
      case FLOAT32 -> VectorsAs.FLOAT32;
    };
  }

  private SearchRequest template(Dataset right) {
    int wanted = withItself ? request.k() + 1 : request.k();
    return SearchRequest.builder()
        .k(wanted)
        .ef(request.ef())
        .targetRecall(request.targetRecall())
        .exact(JoinPlan.exact(request.exact(), right, wanted))
        .filter(request.rightFilter())
        .columns(request.columns())
        .cache(false)
        .build();
  }

  /** {@code left_id}, {@code right_id}, {@code distance}, then the columns. */
  private static Schema schema(Field leftId, Schema answer) {
    List<Field> fields = new ArrayList<>();
    fields.add(new Field(LEFT_ID, leftId.getFieldType(), leftId.getChildren()));
    fields.add(new Field(RIGHT_ID, answer.getFields().get(1).getFieldType(), null));
    fields.addAll(answer.getFields().subList(2, answer.getFields().size()));
    return new Schema(fields);
  }

  /** The columns of {@link #root()}. */
  public Schema schema() {
    return schema;
  }

  /** The current pairs, ordered by left row, then nearest first; owned by this join. */
  public VectorSchemaRoot root() {
    return root;
  }

  /** Whether a row has fewer than {@code k} others because fewer are there. */
  public boolean exhausted() {
    return search.exhausted();
  }

  /** Rows of the right side looked at so far. */
  public long visited() {
    return search.visited();
  }

  /** How pairs are found: {@code exact} or {@code graph}, or as a search says it of a filter. */
  public String strategy() {
    return search.strategy();
  }

  /**
   * Fills the root with the pairs of the next rows, which may be none; false when no row is left.
   */
  public boolean next() {
    root.clear();
    if (pieces.isEmpty() && !nextTile()) {
      return false;
    }
    if (!pieces.isEmpty()) {
      join(pieces.remove());
    }
    return true;
  }

  private boolean nextTile() {
    tile = left.next();
    if (tile == null) {
      return false;
    }
    cut(IntStream.range(0, tile.rows()).toArray(), template.k(), pieces);
    return true;
  }

  /** Cuts rows into pieces whose answers fit into memory. */
  static void cut(int[] rows, int k, Deque<int[]> pieces) {
    int step = Math.max(1, PAIRS_AT_A_TIME / k);
    for (int first = 0; first < rows.length; first += step) {
      int end = Math.min(rows.length, first + step);
      pieces.add(Arrays.copyOfRange(rows, first, end));
    }
  }

  private void join(int[] rows) {
    List<TileSearch.Slice> slices = search.run(tile, rows, template);
    try {
      int at = 0;
      for (TileSearch.Slice slice : slices) {
        at = copy(slice, rows, at);
      }
      root.setRowCount(at);
    } finally {
      slices.forEach(TileSearch.Slice::close);
    }
  }

  /** Appends a slice's pairs from index {@code at} on; returns where they end. */
  private int copy(TileSearch.Slice slice, int[] rows, int at) {
    VectorSchemaRoot found = slice.answer().root();
    UInt4Vector queries = (UInt4Vector) found.getVector(0);
    FieldVector ids = found.getVector(1);
    Float4Vector distances = (Float4Vector) found.getVector(2);
    int query = -1;
    int taken = 0;
    for (int i = 0; i < found.getRowCount(); i++) {
      taken = queries.get(i) == query ? taken : 0;
      query = queries.get(i);
      int row = rows[slice.first() + query];
      boolean itself = withItself && ids.getObject(i).equals(tile.ids().getObject(row));
      boolean tooFar = request.maxDistance() != null && distances.get(i) > request.maxDistance();
      if (itself || tooFar || taken == request.k()) {
        continue;
      }
      root.getVector(0).copyFromSafe(row, at, tile.ids());
      for (int column = 1; column < root.getFieldVectors().size(); column++) {
        root.getVector(column).copyFromSafe(i, at, found.getVector(column));
      }
      taken++;
      at++;
    }
    return at;
  }

  @Override
  public void close() {
    root.close();
    left.close();
  }
}
