package io.arbalest.engine;

import io.arbalest.engine.internal.ArrowOutput;
import io.arbalest.engine.internal.CallScope;
import io.arbalest.engine.internal.IndexStructs;
import io.arbalest.engine.internal.Native;
import io.arbalest.engine.internal.NativeHandle;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** The calls that search; {@code VectorIndex} says what they promise. */
final class SearchCalls {
  private SearchCalls() {}

  /** One query, without a filter. */
  static SearchResult one(
      NativeHandle handle, float[] query, int dimension, SearchOptions options) {
    long[] ids = new long[options.k()];
    float[] distances = new float[options.k()];
    long[] stats = new long[5];
    handle.call(
        index ->
            Native.arb_jni_search_one(
                index,
                query,
                dimension,
                options.k(),
                options.ef(),
                options.strategy().ordinal(),
                IndexStructs.targetRecall(options),
                ids,
                distances,
                stats));
    int hits = (int) stats[4];
    return new SearchResult(
        hits == ids.length ? ids : Arrays.copyOf(ids, hits),
        hits == ids.length ? distances : Arrays.copyOf(distances, hits),
        new SearchStats(stats[0], stats[1], stats[2], stats[3]));
  }

  /** Queries and a filter as structs of the Arrow C Data Interface. */
  static SearchBatch batch(
      NativeHandle handle,
      CallScope scope,
      long schema,
      long array,
      long filterSchema,
      long filter,
      RowSubset subset,
      SearchOptions options,
      BufferAllocator allocator) {
    ArrowBuf stats = IndexStructs.emptySearchStats(scope);
    ArrowOutput out = scope.output();
    handle.call(
        index ->
            RowSubset.within(
                subset,
                rows ->
                    Native.arb_index_search(
                        index,
                        IndexStructs.searchOptions(scope, options, rows),
                        schema,
                        array,
                        filterSchema,
                        filter,
                        out.schema(),
                        out.array(),
                        stats.memoryAddress())));
    return new SearchBatch(out.hits(allocator), IndexStructs.searchStats(stats));
  }
}
