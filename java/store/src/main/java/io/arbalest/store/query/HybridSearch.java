package io.arbalest.store.query;

import io.arbalest.engine.SearchBatch;
import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.Strategy;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.query.Fusion.DenseHits;
import io.arbalest.store.query.Fusion.Ranked;
import io.arbalest.store.shard.ShardState;
import io.arbalest.store.text.TextHits;
import io.arbalest.store.text.TextQuery;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * A search with text: by the text alone, or fused with the nearest rows of each query, the text
 * being the same for all. Each side brings {@link #candidates} rows; {@link Fusion} makes one
 * ranking of them. A row that came by its text alone is measured, so that it has its true distance.
 */
final class HybridSearch {
  /** Candidates a side for each result asked for: a row that is best in sum may be best in none. */
  private static final int CANDIDATES_A_RESULT = 4;

  private final ShardState state;
  private final SearchRequest request;
  private final TextQuery words;
  private final Deadline deadline;
  private long measured;

  /**
   * Checks what a request says about text.
   *
   * @throws StoreException INVALID_ARGUMENT naming the field
   */
  HybridSearch(ShardState state, SearchRequest request, Deadline deadline) {
    this.state = state;
    this.request = request;
    this.deadline = deadline;
    checkColumns(state.spec());
    this.words = TextQuery.of(request.text());
  }

  private static void checkColumns(DatasetSpec spec) {
    if (spec.textColumns().isEmpty()) {
      throw StoreException.invalid(
          "text: dataset '%s' has no text columns; name utf8 columns when it is created: in the"
              + " schema metadata '%s', or in 'text_columns' of create-dataset",
          spec.name(), DatasetSpec.TEXT_COLUMNS_KEY);
    }
  }

  /** Refuses a weight that is out of range or has nothing to weigh. */
  static void checkAlpha(SearchRequest request) {
    Double alpha = request.alpha();
    if (alpha == null) {
      return;
    }
    if (!(alpha >= 0 && alpha <= 1)) {
      throw StoreException.invalid("alpha: found %s, allowed 0..1", alpha);
    }
    boolean isHybrid =
        request.text() != null && (request.queries() != null || request.likeId() != null);
    if (!isHybrid) {
      throw StoreException.invalid(
          "alpha: found without %s, allowed where there are both",
          request.text() == null ? "a text" : "a vector or an id to search like");
    }
  }

  /** What the app metadata calls it. */
  String strategy() {
    return isTextAlone() ? "text" : "hybrid";
  }

  /** Distances computed beyond those of the nearest rows since this was asked last. */
  long takeMeasured() {
    long taken = measured;
    measured = 0;
    return taken;
  }

  private boolean isTextAlone() {
    return request.queries() == null && request.likeId() == null;
  }

  /** How many rows each side brings for {@code k} results. */
  static int candidates(int k, int rows) {
    int wanted = Math.max(StoreLimits.HYBRID_CANDIDATES_MIN, CANDIDATES_A_RESULT * k);
    return Math.max(1, Math.min(Math.min(wanted, StoreLimits.K_MAX), rows));
  }

  /**
   * Answers by the text alone: one query, number 0.
   *
   * @param matching rows that may be found; null: all
   */
  Hits byText(int k, RowFilter matching) {
    TextHits found = textHits(k, matching);
    Hits hits = new Hits();
    for (int i = 0; i < found.size(); i++) {
      hits.add(0, new Ranked(found.rows()[i], null, found.scores()[i], 0, i + 1));
    }
    return hits;
  }

  private TextHits textHits(int k, RowFilter matching) {
    TextHits found = state.text().search(words, matching, k, deadline::isOver);
    deadline.check(0, 1); // a search that was broken off has not found the best
    return found;
  }

  /**
   * Fuses the nearest rows of some queries with the rows that the text finds.
   *
   * @param queries the vectors
   * @param first number of the first of them
   * @param nearest their nearest rows, {@link #candidates} each, by query number
   * @param k results a query
   * @param matching rows that may be found; null: all
   */
  Hits fuse(
      FixedSizeListVector queries,
      int first,
      Hits nearest,
      int k,
      RowFilter matching,
      BufferAllocator allocator) {
    TextHits text = textHits(candidates(k, state.applied().rows()), matching);
    Hits hits = new Hits();
    int at = 0;
    for (int i = 0; i < queries.getValueCount(); i++) {
      int end = at;
      while (end < nearest.size() && nearest.query(end) == first + i) {
        end++;
      }
      List<Ranked> fused = Fusion.fuse(slice(nearest, at, end), text, request.alpha(), k);
      for (Ranked hit : measured(fused, queries, i, allocator)) {
        hits.add(first + i, hit);
      }
      at = end;
    }
    return hits;
  }

  private static DenseHits slice(Hits hits, int from, int to) {
    float[] distances = new float[to - from];
    for (int i = from; i < to; i++) {
      distances[i - from] = hits.distance(i);
    }
    return new DenseHits(Arrays.copyOfRange(hits.rows(), from, to), distances);
  }

  /** The same hits, each with its distance: an exact search over the rows that have none yet. */
  private List<Ranked> measured(
      List<Ranked> hits, FixedSizeListVector queries, int query, BufferAllocator allocator) {
    int[] rows =
        hits.stream().filter(hit -> hit.distance() == null).mapToInt(Ranked::row).toArray();
    if (rows.length == 0) {
      return hits;
    }
    Map<Integer, Float> distances = new HashMap<>();
    SearchOptions options = SearchOptions.k(rows.length).strategy(Strategy.EXACT);
    try (BitVector filter = filter(rows, allocator);
        FixedSizeListVector one = Searcher.slice(queries, query, 1);
        SearchBatch batch = state.index().search(one, filter, options, allocator)) {
      for (int i = 0; i < batch.ids().getValueCount(); i++) {
        distances.put((int) batch.ids().get(i), batch.distances().get(i));
      }
      measured += batch.stats().visited() + batch.stats().tailScanned();
    }
    List<Ranked> all = new ArrayList<>(hits.size());
    for (Ranked hit : hits) {
      Float distance = hit.distance() == null ? distances.get(hit.row()) : hit.distance();
      all.add(new Ranked(hit.row(), distance, hit.score(), hit.denseRank(), hit.textRank()));
    }
    return all;
  }

  private static BitVector filter(int[] rows, BufferAllocator allocator) {
    BitVector bits = new BitVector("filter", allocator);
    try {
      int count = Arrays.stream(rows).max().orElseThrow() + 1;
      bits.allocateNew(count);
      bits.zeroVector();
      bits.setValueCount(count);
      bits.getValidityBuffer().setOne(0, bits.getValidityBuffer().capacity());
      for (int row : rows) {
        bits.set(row, 1);
      }
      return bits;
    } catch (RuntimeException e) {
      bits.close();
      throw e;
    }
  }
}
