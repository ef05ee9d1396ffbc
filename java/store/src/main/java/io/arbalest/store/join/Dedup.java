package io.arbalest.store.join;

import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.ScanRequest;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A search for pairs in progress: {@code while (dedup.next()) use(dedup.root());}. Each pair comes
 * once: {@code id_a}, the row written earlier, {@code id_b}, {@code distance}. For each row its
 * neighbors are searched, and more of them until the last is too far: so an exact search misses no
 * pair of rows that live meanwhile, but for rows with more than {@value StoreLimits#K_MAX} others
 * that near, of which it takes the nearest and counts the row as capped. A search by the graph
 * misses a pair where both rows' searches do. Not thread-safe.
 */
public final class Dedup implements AutoCloseable {
  /** The column of the id of the row written earlier. */
  public static final String ID_A = "id_a";

  /** The column of the other row's id. */
  public static final String ID_B = "id_b";

  /** Neighbors searched for at first, the row itself among them. */
  private static final int K_FIRST = 16;

  /** How many times more the next time. */
  private static final int K_FACTOR = 8;

  /** Pairs that one of the rows has met: bounds the memory, about 16 bytes each. */
  private static final int PAIRS_REMEMBERED_MAX = 1 << 24;

  private final DedupRequest request;
  private final boolean exact;
  private final ToIntFunction<Object> rowOf;
  private final TileSource rows;
  private final TileSearch search;
  private final VectorSchemaRoot root;
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private final LongOpenHashSet told = new LongOpenHashSet();
  private Tile tile;
  private long pairs;
  private long capped;

  /** Rows of the tile, and how many neighbors to search for. */
  private record Piece(int[] rows, int k) {}

  /**
   * Begins a search; see {@link Dataset#dedup}.
   *
   * @param rowOf the live row of an id; a negative number if there is none
   */
  public Dedup(
      Dataset dataset,
      ToIntFunction<Object> rowOf,
      DedupRequest request,
      BufferAllocator allocator) {
    this.request = request;
    this.rowOf = rowOf;
    this.exact = JoinPlan.exact(request.exact(), dataset, K_FIRST);
    this.search = new TileSearch(dataset, request.timeout(), allocator);
    ScanRequest all =
        new ScanRequest(
            request.filter(), List.of(), KnnJoin.stored(dataset.spec()), Long.MAX_VALUE);
    this.rows = TileSource.ofScan(dataset.scan(all, allocator));
    this.root = VectorSchemaRoot.create(schema(dataset), allocator);
  }

  /** The columns of an answer. */
  public static Schema schema(Dataset dataset) {
    FieldType id = FieldType.notNullable(dataset.spec().idType().arrowType());
    Field distance =
        dataset.searchSchema(SearchRequest.builder().build()).findField(DatasetSpec.DISTANCE);
    return new Schema(List.of(new Field(ID_A, id, null), new Field(ID_B, id, null), distance));
  }

  /** The current pairs; owned by this search. */
  public VectorSchemaRoot root() {
    return root;
  }

  /** Rows looked at so far. */
  public long visited() {
    return search.visited();
  }

  /** How pairs are found; null before the first row. */
  public String strategy() {
    return search.strategy();
  }

  /** Rows with more near others than a search may return. */
  public long capped() {
    return capped;
  }

  /**
   * Fills the root with the pairs of the next rows, which may be none; false when no row is left or
   * the limit is reached.
   */
  public boolean next() {
    root.clear();
    if (pairs == request.limit() || (pieces.isEmpty() && !nextTile())) {
      return false;
    }
    run(pieces.pop());
    return true;
  }

  private boolean nextTile() {
    tile = rows.next();
    if (tile == null) {
      return false;
    }
    add(IntStream.range(0, tile.rows()).toArray(), K_FIRST);
    return true;
  }

  private void add(int[] some, int k) {
    Deque<int[]> cut = new ArrayDeque<>();
    KnnJoin.cut(some, k, cut);
    cut.forEach(part -> pieces.push(new Piece(part, k))); // the widest first: so few wait
  }

  private void run(Piece piece) {
    SearchRequest template =
        SearchRequest.builder()
            .k(piece.k())
            .exact(exact)
            .filter(request.filter())
            .cache(false)
            .build();
    List<TileSearch.Slice> slices = search.run(tile, piece.rows(), template);
    IntArrayList wider = new IntArrayList();
    try {
      for (TileSearch.Slice slice : slices) {
        take(slice, piece, wider);
      }
    } finally {
      slices.forEach(TileSearch.Slice::close);
    }
    if (!wider.isEmpty()) {
      add(wider.toIntArray(), Math.min(StoreLimits.K_MAX, piece.k() * K_FACTOR));
    }
  }

  /** Takes the pairs of those rows of a slice whose last hit is too far; the others go wider. */
  private void take(TileSearch.Slice slice, Piece piece, IntArrayList wider) {
    VectorSchemaRoot found = slice.answer().root();
    UInt4Vector queries = (UInt4Vector) found.getVector(0);
    Float4Vector distances = (Float4Vector) found.getVector(2);
    int count = found.getRowCount();
    for (int first = 0, end; first < count; first = end) {
      int query = queries.get(first);
      end = first;
      while (end < count && queries.get(end) == query) {
        end++;
      }
      int row = piece.rows()[slice.first() + query];
      boolean all = end - first < piece.k() || distances.get(end - 1) > request.maxDistance();
      if (!all && piece.k() < StoreLimits.K_MAX) {
        wider.add(row);
      } else {
        capped += all ? 0 : 1;
        pairUp(row, found, first, end);
      }
    }
  }

  private void pairUp(int row, VectorSchemaRoot found, int first, int end) {
    FieldVector ids = found.getVector(1);
    Float4Vector distances = (Float4Vector) found.getVector(2);
    int self = rowOf.applyAsInt(tile.ids().getObject(row));
    for (int i = first; i < end && distances.get(i) <= request.maxDistance(); i++) {
      int other = rowOf.applyAsInt(ids.getObject(i));
      if (self < 0 || other < 0 || self == other) {
        continue; // deleted meanwhile, or the row itself
      }
      if (isNew(Math.min(self, other), Math.max(self, other))) {
        if (self < other) {
          emit(tile.ids(), row, ids, i, distances.get(i));
        } else {
          emit(ids, i, tile.ids(), row, distances.get(i));
        }
      }
    }
  }

  /** Whether a pair is met for the first time; each of its rows meets it once. */
  private boolean isNew(int earlier, int later) {
    if (told.remove(key(earlier, later))) {
      return false;
    }
    if (told.size() == PAIRS_REMEMBERED_MAX) {
      throw StoreException.exhausted(
          "max_distance: found more than %d pairs at once, allowed so many; a smaller distance"
              + " has fewer",
          PAIRS_REMEMBERED_MAX);
    }
    return told.add(key(earlier, later));
  }

  private static long key(int earlier, int later) {
    return (long) earlier << 32 | later;
  }

  private void emit(FieldVector a, int rowA, FieldVector b, int rowB, float distance) {
    if (pairs == request.limit()) {
      return;
    }
    int at = root.getRowCount();
    root.getVector(0).copyFromSafe(rowA, at, a);
    root.getVector(1).copyFromSafe(rowB, at, b);
    ((Float4Vector) root.getVector(2)).setSafe(at, distance);
    root.setRowCount(at + 1);
    pairs++;
  }

  @Override
  public void close() {
    root.close();
    rows.close();
  }
}
