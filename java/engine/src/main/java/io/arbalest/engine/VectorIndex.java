package io.arbalest.engine;

import io.arbalest.engine.internal.CallScope;
import io.arbalest.engine.internal.Errors;
import io.arbalest.engine.internal.IndexStructs;
import io.arbalest.engine.internal.Native;
import io.arbalest.engine.internal.NativeHandle;
import io.arbalest.engine.internal.VectorCalls;
import java.lang.ref.Cleaner;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Vectors of one dimension, each under an int64 id, searched by an HNSW graph in native memory.
 *
 * <p><b>Adding.</b> {@link #append} makes rows searchable at once, by an exact scan; {@link #link}
 * puts them into the graph, in as many threads as call it; {@link #add} does both. An id that lives
 * already is replaced. Vectors come as {@code float[][]} or as an Arrow {@code fixed_size_list} of
 * float16, float32, float64, int8 or uint8, and are cast to the index's {@link ElementType}. A
 * batch is taken whole or not at all: a null, NaN, infinite or too large component, or a zero
 * vector under cosine, is an INVALID_ARGUMENT that names row and column.
 *
 * <p><b>Searching.</b> Distances are squared L2, 1 − cosine or −dot, summed in FP32; smaller is
 * nearer. A search returns k live rows, fewer only when fewer live, and no id twice.
 *
 * <p><b>Threads.</b> Every method may be called from any thread at any time. Searches take no lock.
 * {@link #close()} waits for running calls; calls that start after it are refused.
 *
 * <p><b>Errors.</b> {@link ArbalestException}, whose status says what kind; a call that throws has
 * changed nothing.
 */
public final class VectorIndex implements AutoCloseable {
  /** The charset in which the JVM hands file names to the system. */
  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private final NativeHandle handle;
  private final int dimension;
  private final Metric metric;
  private final ElementType element;
  private final KernelSet kernelSet;
  private final Cleaner.Cleanable leakNet;

  private VectorIndex(
      NativeHandle handle, int dimension, Metric metric, ElementType element, KernelSet kernelSet) {
    this.dimension = dimension;
    this.metric = metric;
    this.element = element;
    this.kernelSet = kernelSet;
    this.handle = handle;
    this.leakNet = handle.catchLeaksOf(this);
  }

  /**
   * Starts an empty index.
   *
   * @param dimension components of a vector, 1..{@value Limits#DIMENSION_MAX}
   */
  public static Builder builder(int dimension) {
    return new Builder(dimension);
  }

  /** Opens a saved index, mapped, with the best kernels. See {@link #open(Path, OpenOptions)}. */
  public static VectorIndex open(Path file) {
    return open(file, OpenOptions.defaults());
  }

  /**
   * Opens a saved index. Checksums are verified. Metric, element, dimension, M and ef_construction
   * come from the file.
   *
   * @throws ArbalestException NOT_FOUND or IO if the file cannot be read, CORRUPT if it is damaged,
   *     UNSUPPORTED if it is of another version or the kernel set does not run here
   */
  public static VectorIndex open(Path file, OpenOptions options) {
    KernelSet kernels = options.kernelSet() == null ? KernelSet.best() : options.kernelSet();
    try (CallScope scope = new CallScope()) {
      ArrowBuf out = scope.memory(8);
      long struct =
          IndexStructs.indexOptions(
              scope,
              1,
              0,
              0,
              0,
              0,
              0,
              kernels.index(),
              kernels.isTrusted(),
              0,
              0,
              GeneratedKernels.fromProperty().code());
      Errors.check(
          Native.arb_index_open(
              fileName(file), struct, options.resident() ? 1 : 0, out.memoryAddress()));
      NativeHandle handle = open(out.getLong(0), "index of " + file);
      ArrowBuf stats = scope.memory(IndexStructs.STATS_BYTES);
      try {
        handle.call(index -> Native.arb_index_get_stats(index, stats.memoryAddress()));
        IndexStats found = IndexStructs.stats(stats);
        return new VectorIndex(handle, found.dimension(), found.metric(), found.element(), kernels);
      } catch (RuntimeException e) {
        handle.close();
        throw e;
      }
    }
  }

  private static NativeHandle open(long address, String name) {
    return new NativeHandle(address, Native::arb_index_close, "index: " + name);
  }

  /** The same as {@link #append(long[], float[][])}, then links as many rows in this thread. */
  public void add(long[] ids, float[][] vectors) {
    append(ids, vectors);
    linkAll(ids.length);
  }

  /**
   * The same as {@link #append(BigIntVector, FixedSizeListVector)}, then links as many rows in this
   * thread.
   */
  public void add(BigIntVector ids, FixedSizeListVector vectors) {
    append(ids, vectors);
    linkAll(ids.getValueCount());
  }

  /**
   * Appends rows, searchable at once by an exact scan.
   *
   * @param ids one a vector; an id that lives already is replaced
   * @param vectors as long as {@code ids}, each of {@link #dimension()} components
   * @return the number of the first row; rows are numbered from 0 in the order of appending
   */
  public long append(long[] ids, float[][] vectors) {
    if (ids.length != vectors.length) {
      throw ArbalestException.invalid(
          "ids: found %d for %d vectors, allowed as many", ids.length, vectors.length);
    }
    try (CallScope scope = new CallScope()) {
      long batch =
          scope.batch(ids.length, scope.copy(ids), scope.copy("vectors", vectors, dimension));
      return append(scope, scope.batchSchema(scope.floatsSchema(dimension)), batch);
    }
  }

  /**
   * Appends rows, searchable at once by an exact scan. The vectors are only read, and stay the
   * caller's.
   *
   * @param ids one a vector, without nulls
   * @param vectors lists of {@link #dimension()} float16, float32, float64, int8 or uint8
   * @return the number of the first row; rows are numbered from 0 in the order of appending
   */
  public long append(BigIntVector ids, FixedSizeListVector vectors) {
    if (ids.getValueCount() != vectors.getValueCount()) {
      throw ArbalestException.invalid(
          "ids: found %d for %d vectors, allowed as many",
          ids.getValueCount(), vectors.getValueCount());
    }
    try (CallScope scope = new CallScope()) {
      return append(
          scope,
          scope.batchSchema(scope.schema("vectors", vectors)),
          scope.batch(
              ids.getValueCount(), scope.borrow("ids", ids), scope.borrow("vectors", vectors)));
    }
  }

  /**
   * Appends what two structs of the Arrow C Data Interface say; the batch is released on success.
   */
  long append(CallScope scope, long schema, long batch) {
    ArrowBuf firstRow = scope.memory(8);
    handle.call(index -> Native.arb_index_append(index, schema, batch, firstRow.memoryAddress()));
    return firstRow.getLong(0);
  }

  /**
   * Links pending rows into the graph. Many threads may call at once; each takes its own rows.
   *
   * @param maxRows how many to link at most, from 1
   * @return how many this call linked; 0 when no row was left to take
   */
  public int link(int maxRows) {
    Limits.check("maxRows", maxRows, 1, Limits.ROWS_MAX);
    try (CallScope scope = new CallScope()) {
      ArrowBuf linked = scope.memory(4);
      handle.call(index -> Native.arb_index_link(index, maxRows, linked.memoryAddress()));
      return linked.getInt(0);
    }
  }

  /**
   * Deletes rows: the next search does not return them.
   *
   * @return how many of the ids lived
   */
  public long delete(long... ids) {
    try (CallScope scope = new CallScope()) {
      return delete(scope, scope.idsSchema(), scope.copy(ids));
    }
  }

  /**
   * Deletes rows: the next search does not return them.
   *
   * @param ids without nulls; only read
   * @return how many of the ids lived
   */
  public long delete(BigIntVector ids) {
    try (CallScope scope = new CallScope()) {
      return delete(scope, scope.idsSchema(), scope.borrow("ids", ids));
    }
  }

  /** Deletes what two structs of the Arrow C Data Interface say; released as for append. */
  long delete(CallScope scope, long schema, long ids) {
    ArrowBuf deleted = scope.memory(8);
    handle.call(index -> Native.arb_index_delete(index, schema, ids, deleted.memoryAddress()));
    return deleted.getLong(0);
  }

  /** The {@code k} rows nearest to {@code query}, with the default breadth. */
  public SearchResult search(float[] query, int k) {
    return search(query, SearchOptions.k(k));
  }

  /**
   * The rows nearest to {@code query}.
   *
   * @param query {@link #dimension()} components
   */
  public SearchResult search(float[] query, SearchOptions options) {
    CallScope.checkLength("query", query, dimension);
    return SearchCalls.one(handle, query, dimension, options);
  }

  /**
   * The rows nearest to each query, in the calling thread.
   *
   * @param queries each of {@link #dimension()} components
   * @return a result a query, in their order
   */
  public List<SearchResult> search(float[][] queries, SearchOptions options) {
    List<SearchResult> results = new ArrayList<>(queries.length);
    for (int i = 0; i < queries.length; i++) {
      CallScope.checkLength("queries[" + i + "]", queries[i], dimension);
    }
    for (float[] query : queries) {
      results.add(search(query, options));
    }
    return results;
  }

  /**
   * The rows nearest to each query, in the calling thread.
   *
   * @param queries lists of {@link #dimension()} float16, float32, float64, int8 or uint8; only
   *     read
   * @param allocator accounts for the result until it is closed
   */
  public SearchBatch search(
      FixedSizeListVector queries, SearchOptions options, BufferAllocator allocator) {
    return search(queries, null, options, allocator);
  }

  /**
   * The rows nearest to each query among those that match a filter, in the calling thread.
   *
   * @param queries lists of {@link #dimension()} float16, float32, float64, int8 or uint8; only
   *     read
   * @param filter without nulls (not looked for if its field is not nullable): value r says whether
   *     row number r, counted from 0 in the order of appending, may be returned; rows beyond its
   *     length may not. Only read. Null: every row may
   * @param allocator accounts for the result until it is closed
   * @return for each query k hits, fewer only where fewer rows live that match
   */
  public SearchBatch search(
      FixedSizeListVector queries,
      BitVector filter,
      SearchOptions options,
      BufferAllocator allocator) {
    return search(queries, filter, null, options, allocator);
  }

  /**
   * The rows nearest to each query among those that match a filter of which there is a subset.
   *
   * @param filter that of the subset, longer where rows were appended since
   * @param subset of this index, for {@link Strategy#SUBSET} and no other; null: none
   */
  public SearchBatch search(
      FixedSizeListVector queries,
      BitVector filter,
      RowSubset subset,
      SearchOptions options,
      BufferAllocator allocator) {
    try (CallScope scope = new CallScope()) {
      long array = scope.borrow("queries", queries);
      long schema = scope.schema("queries", queries);
      long bits = filter == null ? 0 : scope.borrow("filter", filter);
      long bitsSchema = filter == null ? 0 : scope.bitsSchema();
      return search(scope, schema, array, bitsSchema, bits, subset, options, allocator);
    }
  }

  /**
   * Searches what structs of the Arrow C Data Interface say; released as for append.
   *
   * @param filterSchema 0, with {@code filter}, for none
   */
  SearchBatch search(
      CallScope scope,
      long schema,
      long array,
      long filterSchema,
      long filter,
      RowSubset subset,
      SearchOptions options,
      BufferAllocator allocator) {
    return SearchCalls.batch(
        handle, scope, schema, array, filterSchema, filter, subset, options, allocator);
  }

  /**
   * Lays the live rows that match a filter together, for searches by {@link Strategy#SUBSET}. Takes
   * this thread some microseconds a row; other calls go on meanwhile.
   *
   * @param filter as for a search; only read. Rows beyond its length, or appended after this, are
   *     none of the subset's
   * @return to be closed; null where the index has no codes, or too few rows match for it to pay
   */
  public RowSubset subset(BitVector filter) {
    return RowSubset.create(handle, filter);
  }

  /** Whether searches go by a subset still, and do not scan: the index has the same codes. */
  public boolean isCurrent(RowSubset subset) {
    return subset.isCurrentIn(handle);
  }

  /**
   * The stored vectors of some ids.
   *
   * @param ids without nulls; only read
   * @param allocator accounts for the result until it is closed
   * @return in the order of {@code ids}, lists of {@link #dimension()} float16 or float32, as
   *     {@link #element()} says; null where an id does not live
   */
  public FixedSizeListVector vectors(BigIntVector ids, BufferAllocator allocator) {
    return VectorCalls.stored(handle, ids, allocator, element, dimension);
  }

  /**
   * Writes the stored vectors of some ids into a column of the caller's, in the form that its type
   * asks for: {@code fixed_size_list<float16>[d]} (values beyond 65,504 become infinite), {@code
   * fixed_size_list<float32>[d]}, or SQ8: {@code struct<scale: float32, offset: float32, codes:
   * fixed_size_list<uint8>[d]>}, value = offset + scale · code, off by at most scale / 2 and
   * float32 rounding from the stored one.
   *
   * @param ids without nulls; only read
   * @param target has capacity for {@code at + ids} rows in all its buffers; its value counts are
   *     not set
   * @param at where in {@code target} the first vector goes
   * @return how many of the ids do not live; they are null in {@code target}
   */
  public long vectorsInto(BigIntVector ids, FieldVector target, int at) {
    return VectorCalls.storedInto(handle, ids, target, at);
  }

  /**
   * Checks vectors and casts them to the index's element type, as {@link #append} does, without
   * keeping them: what this accepts, an append takes.
   *
   * @param vectors lists of {@link #dimension()} float16, float32, float64, int8 or uint8; only
   *     read
   * @param allocator accounts for the result until it is closed
   * @return lists of {@link #dimension()} float16 or float32, as {@link #element()} says
   */
  public FixedSizeListVector cast(FixedSizeListVector vectors, BufferAllocator allocator) {
    return VectorCalls.cast(handle, vectors, allocator, element, dimension);
  }

  /**
   * The same as {@link #cast}, where a bad vector spoils no other: it is null in the result, which
   * says why. What all vectors share, type and dimension, still fails the call.
   *
   * @param vectors as for {@link #cast}, and nulls
   * @param allocator accounts for the result until it is closed
   */
  public CastBatch castRows(FixedSizeListVector vectors, BufferAllocator allocator) {
    return VectorCalls.castRows(handle, vectors, allocator, element, dimension);
  }

  /** Packs the graph into fewer, denser pages. Searches, appends and links go on meanwhile. */
  public void freeze() {
    handle.call(index -> Native.arb_index_freeze(index));
  }

  /** Writes all rows to a file. See {@link #save(Path, long)}. */
  public void save(Path file) {
    save(file, -1);
  }

  /**
   * Writes the index beside {@code file}, fsyncs, and renames over it. Calls of other threads go
   * on.
   *
   * @param rows how many rows, from the first; −1 for all that are there at the call. Deletions are
   *     those as of the call or later
   */
  public void save(Path file, long rows) {
    if (rows < -1) {
      throw ArbalestException.invalid("rows: found %d, allowed -1 (all) or more", rows);
    }
    byte[] name = fileName(file);
    handle.call(index -> Native.arb_index_save(index, name, rows));
  }

  /** Walks the whole graph and counts its faults. Costs a pass over every list. */
  public IndexReport validate() {
    try (CallScope scope = new CallScope()) {
      ArrowBuf out = scope.memory(IndexStructs.REPORT_BYTES);
      handle.call(index -> Native.arb_index_validate(index, out.memoryAddress()));
      return IndexStructs.report(out);
    }
  }

  /** The size and shape of the index now. */
  public IndexStats stats() {
    try (CallScope scope = new CallScope()) {
      ArrowBuf out = scope.memory(IndexStructs.STATS_BYTES);
      handle.call(index -> Native.arb_index_get_stats(index, out.memoryAddress()));
      return IndexStructs.stats(out);
    }
  }

  /** Components of a vector. */
  public int dimension() {
    return dimension;
  }

  /** How distances are measured. */
  public Metric metric() {
    return metric;
  }

  /** How components are kept. */
  public ElementType element() {
    return element;
  }

  /** The kernels that this index runs, fixed for its life. */
  public KernelSet kernelSet() {
    return kernelSet;
  }

  /**
   * Refuses new calls, waits for the running ones, and frees the memory. Further closes do nothing.
   */
  @Override
  public void close() {
    handle.close();
    leakNet.clean(); // finds the handle closed and only takes itself off the list
  }

  private void linkAll(int rows) {
    int left = rows;
    while (left > 0) {
      int linked = link(left);
      if (linked == 0) {
        return; // other threads took the rest
      }
      left -= linked;
    }
  }

  /** A path as the C library takes it: the bytes of its name, zero-terminated. */
  private static byte[] fileName(Path file) {
    byte[] name = file.toAbsolutePath().toString().getBytes(FILE_NAMES);
    return Arrays.copyOf(name, name.length + 1);
  }

  /** Settings of a new index; each has a default but the dimension. Not thread-safe. */
  public static final class Builder {
    private final int dimension;
    private Metric metric = Metric.COSINE;
    private ElementType element = ElementType.FLOAT16;
    private int m = 16;
    private int efConstruction = 200;
    private long seed = 42;
    private Codes codes = Codes.SQ8;
    private Layout layout = Layout.COMPACT;
    private KernelSet kernelSet;

    private Builder(int dimension) {
      this.dimension = Limits.check("dimension", dimension, 1, Limits.DIMENSION_MAX);
    }

    /** How distances are measured; {@link Metric#COSINE} by default. */
    public Builder metric(Metric metric) {
      this.metric = Objects.requireNonNull(metric, "metric");
      return this;
    }

    /** How components are kept; {@link ElementType#FLOAT16} by default. */
    public Builder element(ElementType element) {
      this.element = Objects.requireNonNull(element, "element");
      return this;
    }

    /**
     * Links a node, {@value Limits#M_MIN}..{@value Limits#M_MAX}, twice as many on level 0; 16 by
     * default. More raise recall, memory and build time.
     */
    public Builder m(int m) {
      this.m = Limits.check("m", m, Limits.M_MIN, Limits.M_MAX);
      return this;
    }

    /**
     * Breadth of construction, 1..{@value Limits#EF_MAX}; 200 by default. More raises recall and
     * build time.
     */
    public Builder efConstruction(int efConstruction) {
      this.efConstruction = Limits.check("efConstruction", efConstruction, 1, Limits.EF_MAX);
      return this;
    }

    /** Seed of the levels; 42 by default. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /**
     * What traversal reads; {@link Codes#SQ8} by default: searches and builds touch half the memory
     * for one more byte a component.
     */
    public Builder codes(Codes codes) {
      this.codes = Objects.requireNonNull(codes, "codes");
      return this;
    }

    /** How {@link VectorIndex#freeze} lays the graph out; {@link Layout#COMPACT} by default. */
    public Builder layout(Layout layout) {
      this.layout = Objects.requireNonNull(layout, "layout");
      return this;
    }

    /** The kernels to run; {@link KernelSet#best()} by default. */
    public Builder kernelSet(KernelSet kernelSet) {
      this.kernelSet = Objects.requireNonNull(kernelSet, "kernelSet");
      return this;
    }

    /**
     * Creates the index.
     *
     * @throws ArbalestException UNSUPPORTED if the CPU does not report what the kernel set requires
     */
    public VectorIndex build() {
      KernelSet kernels = kernelSet == null ? KernelSet.best() : kernelSet;
      try (CallScope scope = new CallScope()) {
        ArrowBuf out = scope.memory(8);
        long options =
            IndexStructs.indexOptions(
                scope,
                dimension,
                metric.code(),
                element.code(),
                m,
                efConstruction,
                seed,
                kernels.index(),
                kernels.isTrusted(),
                codes.code(),
                layout.code(),
                GeneratedKernels.fromProperty().code());
        Errors.check(Native.arb_index_create(options, out.memoryAddress()));
        NativeHandle handle =
            open(
                out.getLong(0),
                metric.wireName() + " index of " + element.wireName() + "[" + dimension + "]");
        return new VectorIndex(handle, dimension, metric, element, kernels);
      }
    }
  }
}
