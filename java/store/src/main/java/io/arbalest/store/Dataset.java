package io.arbalest.store;

import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.FilterCompiler;
import io.arbalest.store.join.Dedup;
import io.arbalest.store.join.DedupRequest;
import io.arbalest.store.join.KnnJoin;
import io.arbalest.store.join.KnnJoinRequest;
import io.arbalest.store.query.ResultSchema;
import io.arbalest.store.shadow.ShadowSampler;
import io.arbalest.store.shard.Shard;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;

/**
 * A durable set of rows: id, vector, metadata. Thread-safe. Writes are applied one after the other
 * in the order of their sequences; a write is found by every search that begins after its future is
 * complete. After the store is closed or the dataset dropped, every call is refused (UNAVAILABLE).
 */
public final class Dataset {
  private final String name;
  private final Shard shard;
  private final LiveSearch live;

  Dataset(DatasetSpec spec, Shard shard, ShadowSampler sampler) {
    this.name = spec.name();
    this.shard = shard;
    this.live = new LiveSearch(shard, sampler);
  }

  public String name() {
    return name;
  }

  /** What it is now; columns may be added to it. */
  public DatasetSpec spec() {
    return shard.spec();
  }

  /** The dataset's own schema; see {@link DatasetSpec#arrowSchema()}. */
  public Schema arrowSchema() {
    return spec().arrowSchema();
  }

  /** How many rows live. */
  public long rowCount() {
    return shard.read(state -> (long) state.applied().live());
  }

  /**
   * Refuses (INVALID_ARGUMENT, naming the column) a schema whose batches {@link #put} would refuse:
   * an unknown column, another type, another dimension, a missing column that is not nullable.
   */
  public void checkPutSchema(Schema schema) {
    shard.checkPutSchema(schema);
  }

  /**
   * Adds rows; a row whose id lives replaces the old one, and of two rows with one id in a batch
   * the later wins. Columns go by name; a missing nullable column is null in every row; vectors may
   * have any component type, whatever other batches had. A batch is applied whole or not at all. If
   * the schema's metadata {@link DatasetSpec#ADD_COLUMNS_KEY} is {@code true}, columns that the
   * dataset does not have are added to it first, as {@link #addColumns} does.
   *
   * <p>Copies before it returns. Blocks for a bounded time if too much waits; see {@link
   * StoreOptions#writeWait()}.
   *
   * @return completes once the rows are durable and found by searches, on the dataset's writer
   *     thread: what depends on it should be short, or run elsewhere. Fails with a {@link
   *     StoreException}: RESOURCE_EXHAUSTED if the disk is full (nothing was written), UNAVAILABLE
   *     if the log failed (the rows may or may not be there after the next start)
   * @throws StoreException INVALID_ARGUMENT naming column and row; RESOURCE_EXHAUSTED naming the
   *     limit; UNAVAILABLE if the dataset takes no writes
   */
  public CompletableFuture<WriteReceipt> put(VectorSchemaRoot batch) {
    return shard.put(batch);
  }

  /**
   * Adds metadata columns, null in every row there is; durable when this returns. Columns that the
   * dataset has, in the same type, are passed over.
   *
   * @throws StoreException INVALID_ARGUMENT naming a column that it has in another type, or that
   *     cannot be one, or is one too many; RESOURCE_EXHAUSTED if there is no room; UNAVAILABLE if
   *     the dataset takes no writes
   */
  public void addColumns(List<Field> columns) {
    spec().plus(columns); // refuses before it waits
    shard.addColumns(columns);
  }

  /**
   * Deletes rows by id; ids that do not live are passed over. For the rest as {@link #put}.
   *
   * @param ids of the dataset's id type, without nulls; copied before the call returns
   */
  public CompletableFuture<DeleteReceipt> delete(FieldVector ids) {
    return shard.delete(ids);
  }

  /**
   * Deletes the rows that match a filter when every write before this one is applied. The log holds
   * their ids. For the rest as {@link #put}.
   *
   * @return fails with RESOURCE_EXHAUSTED, naming the numbers, if the ids are more than one write
   *     may have: {@value StoreLimits#BATCH_BYTES_MAX} bytes
   * @throws StoreException INVALID_ARGUMENT naming the column if the filter does not fit
   */
  public CompletableFuture<DeleteReceipt> deleteMatching(Filter filter) {
    return shard.deleteMatching(FilterCompiler.compile(spec(), filter));
  }

  /**
   * Searches in the calling thread, after the write that the request asks for.
   *
   * @param allocator accounts for the answer until it is closed
   * @throws StoreException INVALID_ARGUMENT naming the field; NOT_FOUND if {@code likeId} does not
   *     live; DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED if the answer would be too large
   */
  public SearchAnswer search(SearchRequest request, BufferAllocator allocator) {
    return live.answer(request, allocator);
  }

  /**
   * Waits until a write is applied, so that every search that begins then finds it.
   *
   * @param sequence of the write; one that was never given out is waited for as well
   * @param timeout how long to wait; null: without limit
   * @throws StoreException DEADLINE_EXCEEDED naming the sequence found and the one wanted;
   *     UNAVAILABLE if the dataset is closed meanwhile
   */
  public void awaitSequence(long sequence, Duration timeout) {
    shard.awaitApplied(sequence, timeout);
  }

  /** The schema that {@link #search} would answer with; checks the request as far as it can. */
  public Schema searchSchema(SearchRequest request) {
    bound(request.filter());
    return ResultSchema.ofSearch(spec(), request).schema();
  }

  /**
   * Starts a scan over the rows that live now. Rows written later do not appear; rows deleted or
   * replaced before the scan reaches them may be missing.
   *
   * @param allocator accounts for the cursor's rows until it is closed
   */
  public ScanCursor scan(ScanRequest request, BufferAllocator allocator) {
    return new ScanCursor(
        shard,
        ResultSchema.ofScan(spec(), request),
        bound(request.filter()),
        request.limit(),
        allocator);
  }

  /** The schema that {@link #scan} would answer with. */
  public Schema scanSchema(ScanRequest request) {
    bound(request.filter());
    return ResultSchema.ofScan(spec(), request).schema();
  }

  /** A filter on the columns, null for none; refuses one that does not fit them. */
  private BoundFilter bound(Filter filter) {
    return filter == null ? null : FilterCompiler.compile(spec(), filter);
  }

  /**
   * Starts a join of this dataset's rows, the left ones, with their nearest rows of another or of
   * itself. Tiles are searched by the calling thread and the common pool.
   *
   * @param allocator accounts for what the join holds until it is closed
   * @throws StoreException INVALID_ARGUMENT naming the field, also where the two have not one
   *     dimension and metric
   */
  public KnnJoin knnJoin(Dataset right, KnnJoinRequest request, BufferAllocator allocator) {
    return KnnJoin.ofRows(this, right, request, allocator);
  }

  /**
   * Starts a search for all pairs of rows within a distance.
   *
   * @param allocator accounts for what the search holds until it is closed
   */
  public Dedup dedup(DedupRequest request, BufferAllocator allocator) {
    return new Dedup(this, this::rowOf, request, allocator);
  }

  private int rowOf(Object id) {
    Object key = id instanceof Text text ? text.toString() : id;
    return shard.read(state -> state.findRow(key));
  }

  /** Waits until every write acknowledged before the call is in the graph. */
  public void flush() {
    shard.flush();
  }

  /**
   * Packs the graph, which makes searches faster after many writes, and measures how far they have
   * to go for a recall: so they may find other rows than before, and remembered answers go. Calls
   * go on meanwhile.
   */
  public void freeze() {
    shard.read(
        state -> {
          state.freeze();
          return null;
        });
    shard.cache().changed();
  }

  /** Writes a snapshot and trims the log behind it. Calls go on meanwhile. */
  public void snapshot() {
    shard.snapshot();
  }

  /**
   * Forgets what filters selected, so that each one's next use costs what its first did: for those
   * who measure. Nothing else needs it, since what is kept is never stale.
   */
  public void forgetFilters() {
    shard.read(
        state -> {
          state.filters().clear();
          return null;
        });
  }

  /** Its size, progress and health. */
  public DatasetStatus status() {
    return shard.status(live.recall().status());
  }

  void close(boolean takeSnapshot) {
    shard.close(takeSnapshot);
  }
}
