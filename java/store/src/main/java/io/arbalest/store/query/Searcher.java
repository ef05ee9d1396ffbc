package io.arbalest.store.query;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.CastBatch;
import io.arbalest.engine.SearchBatch;
import io.arbalest.engine.SearchOptions;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.FilterCompiler;
import io.arbalest.store.rows.IdMap;
import io.arbalest.store.schema.ColumnTypes;
import io.arbalest.store.shard.ShardState;
import java.util.Map;
import java.util.concurrent.locks.StampedLock;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.util.TransferPair;

/**
 * Runs one search. Queries go to the index in chunks; between chunks the deadline is looked at. A
 * chunk during which rows were replaced or deleted is searched again, at the second time with such
 * writes held back, so that no id is found twice, missed, or without its vector.
 */
public final class Searcher {
  /** Queries a chunk: some milliseconds of work. */
  private static final int CHUNK_QUERIES = 32;

  /**
   * Components of rows that a chunk of an exact search meets, one by one for each of its queries:
   * some tenths of a second, a query being much cheaper beside many others.
   */
  private static final long CHUNK_COMPONENTS_EXACT = 1L << 35;

  private static final int CHUNK_QUERIES_EXACT_MIN = 16;
  private static final int CHUNK_QUERIES_EXACT_MAX = 1024;

  /** Hits a chunk at most, as far as whole queries allow. */
  private static final int CHUNK_HITS = 16_384;

  /**
   * The recall wanted where neither it nor a breadth is given. Before a freeze has measured what it
   * takes, it stands for a breadth of 128, or twice {@code k} if that is more.
   */
  private static final double TARGET_RECALL_DEFAULT = 0.95;

  private final ShardState state;
  private final DatasetSpec spec;
  private final SearchRequest request;
  private final BoundFilter filter; // null: none
  private final ResultSchema schema;
  private final Deadline deadline;
  private final int hitsAQuery;
  private final HybridSearch hybrid; // null: without text
  private long visited;

  /** Checks the request; see {@link io.arbalest.store.Dataset#search}. */
  public Searcher(ShardState state, SearchRequest request) {
    this.state = state;
    this.spec = state.spec();
    this.request = request;
    this.schema = ResultSchema.ofSearch(spec, request);
    this.filter = request.filter() == null ? null : FilterCompiler.compile(spec, request.filter());
    this.deadline = new Deadline(request.timeout());
    check("k", request.k(), StoreLimits.K_MAX);
    // No more than there are rows now, so that the answer's size is known; more may come meanwhile.
    this.hitsAQuery = Math.max(1, Math.min(request.k(), state.applied().rows()));
    if (request.ef() != null) {
      check("ef", request.ef(), StoreLimits.EF_MAX);
    }
    checkTarget(request.targetRecall());
    checkQueries(request);
    HybridSearch.checkAlpha(request);
    this.hybrid = request.text() == null ? null : new HybridSearch(state, request, deadline);
  }

  private static void checkQueries(SearchRequest request) {
    boolean both = request.queries() != null && request.likeId() != null;
    boolean neither = request.queries() == null && request.likeId() == null;
    if (both || neither && request.text() == null) {
      throw StoreException.invalid(
          "found %s, allowed either queries or an id to search like, or a text",
          neither ? "neither" : "both");
    }
  }

  private static void checkTarget(Double target) {
    if (target != null && !(target > 0 && target < 1)) {
      throw StoreException.invalid("target_recall: found %s, allowed above 0 and below 1", target);
    }
  }

  private static void check(String field, int found, int max) {
    if (found < 1 || found > max) {
      throw StoreException.invalid("%s: found %d, allowed 1..%d", field, found, max);
    }
  }

  /** Searches; the answer is accounted to the allocator. */
  public SearchAnswer run(BufferAllocator allocator) {
    try {
      // Cast in one call, so that a bad query is named by its own number, not by that in a chunk.
      try (CastBatch queries = castQueries(allocator)) {
        return search(queries, allocator);
      }
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    }
  }

  /** What to search with, to be closed by the caller; null: a text alone. */
  private CastBatch castQueries(BufferAllocator allocator) {
    if (request.likeId() != null) {
      return new CastBatch(vectorOf(request.likeId(), allocator), Map.of());
    }
    if (request.queries() == null) {
      return null;
    }
    FixedSizeListVector queries = checkedQueries();
    return request.rowErrors()
        ? state.index().castRows(queries, allocator)
        : new CastBatch(state.index().cast(queries, allocator), Map.of());
  }

  private FixedSizeListVector checkedQueries() {
    FieldVector vector = request.queries();
    int dimension = ColumnTypes.vectorDimension(vector.getField());
    if (dimension != spec.dimension()) {
      throw StoreException.invalid(
          "queries: found dimension %d, allowed %d", dimension, spec.dimension());
    }
    FixedSizeListVector queries = (FixedSizeListVector) vector;
    check("queries", queries.getValueCount(), StoreLimits.QUERIES_MAX);
    FieldVector keys = request.queryKeys();
    if (keys != null && keys.getValueCount() != queries.getValueCount()) {
      throw StoreException.invalid(
          "query keys: found %d, allowed %d as there are queries",
          keys.getValueCount(), queries.getValueCount());
    }
    return queries;
  }

  private FixedSizeListVector vectorOf(Object id, BufferAllocator allocator) {
    boolean isOfType =
        switch (spec.idType()) {
          case INT64 -> id instanceof Long;
          case UTF8 -> id instanceof String;
        };
    if (!isOfType) {
      throw StoreException.invalid(
          "id: found '%s' (%s), allowed %s",
          id, id.getClass().getSimpleName(), spec.idType().wireName());
    }
    // The row may be replaced between the two look-ups; then the id has another.
    int row = state.findRow(id);
    while (row != IdMap.NONE) {
      FixedSizeListVector vector = RowReader.fetch(state, new int[] {row}, 1, allocator);
      if (!vector.isNull(0)) {
        return vector;
      }
      vector.close();
      int again = state.findRow(id);
      row = again == row ? IdMap.NONE : again;
    }
    throw StoreException.notFound(
        "id: dataset '%s' has no row %s",
        spec.name(), spec.idType() == IdType.UTF8 ? "'" + id + "'" : id);
  }

  private SearchAnswer search(CastBatch queries, BufferAllocator allocator) {
    FixedSizeListVector vectors = queries == null ? null : queries.vectors();
    int count = vectors == null ? 1 : vectors.getValueCount();
    int capacity = capacity(count);
    VectorSchemaRoot root = VectorSchemaRoot.create(schema.schema(), allocator);
    try (Selection selection = new Selection(state, filter, request)) {
      RowReader reader = new RowReader(state, schema, root);
      reader.reserve(capacity);
      int chunk = chunkQueries();
      boolean exhausted = false;
      int at = 0;
      int first = 0;
      while (first < count) {
        deadline.check(first, count);
        int size = goodQueries(queries, first, Math.min(chunk, count - first));
        if (size == 0) {
          reader.writeError(first, queries.error(first), request.queryKeys(), at++, allocator);
          first++;
          continue;
        }
        int found = searchChunk(vectors, first, size, selection, reader, root, at, allocator);
        exhausted |= found < size * request.k();
        at += found;
        first += size;
      }
      root.setRowCount(at);
      return new SearchAnswer(root, strategy(selection), visited, exhausted);
    } catch (RuntimeException e) {
      root.close();
      throw e;
    }
  }

  private String strategy(Selection selection) {
    return hybrid == null ? selection.plan().name() : hybrid.strategy();
  }

  /** How many queries from {@code first} on are good, at most {@code most}. */
  private static int goodQueries(CastBatch queries, int first, int most) {
    if (queries == null || queries.errorCount() == 0) {
      return most;
    }
    int good = 0;
    while (good < most && queries.error(first + good) == null) {
      good++;
    }
    return good;
  }

  /** Rows that the answer can have; refuses too large an answer before the work. */
  private int capacity(int queries) {
    long rows = (long) queries * hitsAQuery;
    if (rows > StoreLimits.RESULT_ROWS_MAX) {
      throw StoreException.exhausted(
          "the answer may have %d rows (%d queries, k = %d), allowed %d: send fewer queries at once",
          rows, queries, request.k(), StoreLimits.RESULT_ROWS_MAX);
    }
    int width =
        switch (request.vectorsAs()) {
          case NONE -> 0;
          case SQ8 -> 1;
          case FLOAT16 -> 2;
          case FLOAT32 -> 4;
        };
    long bytes = rows * spec.dimension() * width;
    if (bytes > StoreLimits.RESULT_VECTOR_BYTES_MAX) {
      throw StoreException.exhausted(
          "the answer may have %d bytes of vectors, allowed %d:"
              + " send fewer queries at once, or ask for no vectors",
          bytes, StoreLimits.RESULT_VECTOR_BYTES_MAX);
    }
    return (int) rows;
  }

  private int chunkQueries() {
    int most = request.exact() ? chunkQueriesExact() : CHUNK_QUERIES;
    return Math.max(1, Math.min(most, CHUNK_HITS / hitsAQuery));
  }

  private int chunkQueriesExact() {
    long components = Math.max(1L, state.applied().rows()) * spec.dimension();
    long queries = CHUNK_COMPONENTS_EXACT / components;
    return (int) Math.max(CHUNK_QUERIES_EXACT_MIN, Math.min(CHUNK_QUERIES_EXACT_MAX, queries));
  }

  private int searchChunk(
      FixedSizeListVector queries,
      int first,
      int size,
      Selection selection,
      RowReader reader,
      VectorSchemaRoot root,
      int at,
      BufferAllocator allocator) {
    StampedLock replacing = state.replacing();
    long stamp = selection.stamp();
    if (stamp != 0) {
      Hits hits = find(queries, first, size, selection, stamp, allocator);
      boolean whole = reader.writeVectors(hits.rows(), hits.size(), at, allocator);
      if (replacing.validate(stamp) && whole) {
        return copy(hits, reader, root, at);
      }
    }
    stamp = replacing.readLock();
    try {
      Hits hits = find(queries, first, size, selection, stamp, allocator);
      // Over the vectors that the first try wrote.
      reader.writeVectors(hits.rows(), hits.size(), at, allocator);
      return copy(hits, reader, root, at);
    } finally {
      replacing.unlockRead(stamp);
    }
  }

  /**
   * Searches a chunk.
   *
   * @param stamp of {@link ShardState#replacing()}, valid now, and afterwards if the answer counts
   */
  private Hits find(
      FixedSizeListVector queries,
      int first,
      int size,
      Selection selection,
      long stamp,
      BufferAllocator allocator) {
    selection.holdUnder(stamp);
    return hits(queries, first, size, selection, allocator);
  }

  private Hits hits(
      FixedSizeListVector queries,
      int first,
      int size,
      Selection selection,
      BufferAllocator allocator) {
    if (queries == null) {
      return hybrid.byText(hitsAQuery, selection.rows());
    }
    if (size == queries.getValueCount()) { // as one query is: a slice would cost a microsecond
      return hits(queries, first, selection, allocator);
    }
    try (FixedSizeListVector chunk = slice(queries, first, size)) {
      return hits(chunk, first, selection, allocator);
    }
  }

  private Hits hits(
      FixedSizeListVector chunk, int first, Selection selection, BufferAllocator allocator) {
    if (hybrid == null) {
      return nearest(chunk, first, hitsAQuery, selection, allocator);
    }
    int candidates = HybridSearch.candidates(hitsAQuery, state.applied().rows());
    Hits nearest = nearest(chunk, first, candidates, selection, allocator);
    Hits fused = hybrid.fuse(chunk, first, nearest, hitsAQuery, selection.rows(), allocator);
    visited += hybrid.takeMeasured();
    return fused;
  }

  private Hits nearest(
      FixedSizeListVector chunk, int first, int k, Selection selection, BufferAllocator allocator) {
    Hits hits = new Hits();
    SearchOptions options = options(k, selection);
    try (SearchBatch batch =
        state.index().search(chunk, selection.bits(), selection.subset(), options, allocator)) {
      int count = batch.ids().getValueCount();
      for (int i = 0; i < count; i++) {
        hits.add(
            first + batch.queries().get(i), (int) batch.ids().get(i), batch.distances().get(i));
      }
      visited += batch.stats().visited() + batch.stats().tailScanned();
      selection.searched(chunk.getValueCount(), batch.stats());
    }
    return hits;
  }

  private SearchOptions options(int k, Selection selection) {
    Planner.Plan plan = selection.plan();
    SearchOptions options = SearchOptions.k(k).strategy(plan.strategy());
    Integer ef = plan.ef() == null ? request.ef() : plan.ef();
    if (ef != null) {
      options = options.ef(ef);
    }
    Double target = plan.targetRecall();
    if (target == null && ef == null) {
      target = request.targetRecall() == null ? TARGET_RECALL_DEFAULT : request.targetRecall();
    }
    return target == null ? options : options.targetRecall(target);
  }

  /** Some of the vectors, without a copy; to be closed by the caller. */
  static FixedSizeListVector slice(FixedSizeListVector queries, int first, int size) {
    TransferPair pair = queries.getTransferPair(queries.getAllocator());
    pair.splitAndTransfer(first, size);
    return (FixedSizeListVector) pair.getTo();
  }

  /** Writes all of the hits but their vectors to the answer; returns how many. */
  private int copy(Hits hits, RowReader reader, VectorSchemaRoot root, int at) {
    int count = hits.size();
    // Reading the count of rows makes the rows behind it visible to this thread.
    assert count == 0 || state.rows().rows() > 0;
    reader.copyColumns(hits.rows(), count, root.getVector(DatasetSpec.ID), at);
    FieldVector queryOut = root.getVector(0);
    Float4Vector distanceOut = (Float4Vector) root.getVector(2);
    for (int i = 0; i < count; i++) {
      if (request.queryKeys() == null) {
        ((UInt4Vector) queryOut).set(at + i, hits.query(i));
      } else {
        queryOut.copyFromSafe(hits.query(i), at + i, request.queryKeys());
      }
      if (hybrid == null) {
        distanceOut.set(at + i, hits.distance(i));
      }
    }
    if (hybrid != null) {
      RankColumns.write(hits, root, at);
    }
    return count;
  }
}
