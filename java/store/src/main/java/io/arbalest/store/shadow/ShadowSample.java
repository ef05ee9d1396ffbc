package io.arbalest.store.shadow;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.VectorsAs;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.util.TransferPair;

/** One query of a live search and its answer, to be held against the exact answer. */
final class ShadowSample implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Kernels of several shapes sum in several orders: distances so near are the same. */
  private static final double TIE_RELATIVE = 1e-5;

  private static final double TIE_ABSOLUTE = 1e-6;

  private final ShadowTarget target;
  private final long sequence;
  private final SearchRequest request;
  private final String strategy;
  private final Object[] ids;
  private final float[] distances;

  private ShadowSample(
      ShadowTarget target,
      long sequence,
      SearchRequest request,
      String strategy,
      Object[] ids,
      float[] distances) {
    this.target = target;
    this.sequence = sequence;
    this.request = request;
    this.strategy = strategy;
    this.ids = ids;
    this.distances = distances;
  }

  /**
   * Copies a query and its hits.
   *
   * @param sequence the last write applied before the search began
   * @param query its number in the request
   * @param allocator holds the query until the sample is closed
   * @return null if it cannot be told which hits are the query's, or the query failed
   */
  static ShadowSample of(
      ShadowTarget target,
      long sequence,
      SearchRequest request,
      SearchAnswer answer,
      int query,
      BufferAllocator allocator) {
    VectorSchemaRoot root = answer.root();
    FieldVector idColumn = root.getVector(DatasetSpec.ID);
    Float4Vector distanceColumn = (Float4Vector) root.getVector(DatasetSpec.DISTANCE);
    int first = 0;
    int end = root.getRowCount();
    if (request.queries() != null && request.queries().getValueCount() > 1) {
      Object key = keyOf(request, query);
      if (key == null) {
        return null;
      }
      FieldVector keys = root.getVector(DatasetSpec.QUERY);
      while (first < end && !key.equals(keys.getObject(first))) {
        first++;
      }
      int last = first;
      while (last < end && key.equals(keys.getObject(last))) {
        last++;
      }
      end = last;
    }
    Object[] ids = new Object[end - first];
    float[] distances = new float[end - first];
    for (int i = 0; i < ids.length; i++) {
      if (idColumn.isNull(first + i) || distanceColumn.isNull(first + i)) {
        return null;
      }
      ids[i] = idColumn.getObject(first + i);
      distances[i] = distanceColumn.get(first + i);
    }
    return new ShadowSample(
        target, sequence, exact(request, query, allocator), answer.strategy(), ids, distances);
  }

  /** What the answer calls a query; null if it calls another one the same. */
  private static Object keyOf(SearchRequest request, int query) {
    FieldVector keys = request.queryKeys();
    if (keys == null) {
      return query; // as the column of numbers gives it
    }
    Object key = keys.getObject(query);
    int same = 0;
    for (int i = 0; key != null && i < keys.getValueCount(); i++) {
      same += key.equals(keys.getObject(i)) ? 1 : 0;
    }
    return same == 1 ? key : null;
  }

  private static SearchRequest exact(SearchRequest request, int query, BufferAllocator allocator) {
    return request
        .with()
        .queries(request.queries() == null ? null : copy(request.queries(), query, allocator))
        .queryKeys(null)
        .exact(true)
        .ef(null)
        .targetRecall(null)
        .columns(List.of())
        .vectorsAs(VectorsAs.NONE)
        .minSequence(null)
        .cache(false)
        .rowErrors(false)
        .timeout(TIMEOUT)
        .build();
  }

  private static FieldVector copy(FieldVector queries, int query, BufferAllocator allocator) {
    TransferPair pair = queries.getTransferPair(queries.getField(), allocator);
    FieldVector one = (FieldVector) pair.getTo();
    try {
      pair.copyValueSafe(query, 0);
      one.setValueCount(1);
      return one;
    } catch (RuntimeException e) {
      one.close();
      throw e;
    }
  }

  ShadowTarget target() {
    return target;
  }

  /** Searches exactly and notes the recall, unless the dataset was written meanwhile. */
  void check(BufferAllocator allocator) {
    if (target.sequence() != sequence) {
      target.recall().outdate();
      return;
    }
    try (SearchAnswer truth = target.search(request, allocator)) {
      if (target.sequence() != sequence) {
        target.recall().outdate();
      } else {
        target.recall().add(strategy, recall(truth.root()));
      }
    }
  }

  /** The share of the truth that was found; rows as near as the last of it are as good. */
  private double recall(VectorSchemaRoot truth) {
    int count = truth.getRowCount();
    if (count == 0) {
      return ids.length == 0 ? 1 : 0;
    }
    Set<Object> right = new HashSet<>();
    for (int i = 0; i < count; i++) {
      right.add(truth.getVector(DatasetSpec.ID).getObject(i));
    }
    double last = ((Float4Vector) truth.getVector(DatasetSpec.DISTANCE)).get(count - 1);
    double tie = TIE_ABSOLUTE + TIE_RELATIVE * Math.abs(last);
    int found = 0;
    for (int i = 0; i < ids.length; i++) {
      if (right.contains(ids[i]) || Math.abs(distances[i] - last) <= tie) {
        found++;
      }
    }
    return Math.min(1, (double) found / count);
  }

  @Override
  public void close() {
    if (request.queries() != null) {
      request.queries().close();
    }
  }
}
