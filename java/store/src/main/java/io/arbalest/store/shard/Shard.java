package io.arbalest.store.shard;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.DatasetStatus;
import io.arbalest.store.DeleteReceipt;
import io.arbalest.store.ShadowStatus;
import io.arbalest.store.StoreException;
import io.arbalest.store.WriteReceipt;
import io.arbalest.store.batch.DeleteEncoder;
import io.arbalest.store.batch.PutEncoder;
import io.arbalest.store.cache.DatasetCache;
import io.arbalest.store.disk.DiskFullException;
import io.arbalest.store.filter.BoundFilter;
import io.arbalest.store.filter.ColumnIndex;
import io.arbalest.store.log.ShardLog;
import io.arbalest.store.schema.SchemaFile;
import io.arbalest.store.schema.SpecReader;
import io.arbalest.store.snapshot.SnapshotWriter;
import io.arbalest.store.text.TextIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One dataset at work:
 *
 * <pre>
 *   put, delete -> WriteQueue -> ShardWriter -> ShardLog     (disk, one sync a group)
 *                                     |
 *                                     v
 *                                ShardState  <- IndexPool    (links pending rows)
 *                                     |
 *                          searches, scans, Snapshotter
 * </pre>
 *
 * Thread-safe.
 */
public final class Shard {
  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  /** The directory of the log in a dataset's directory. */
  public static final String WAL_DIRECTORY = "wal";

  /** Less log than this is read again faster than a snapshot is written. */
  private static final long CLOSING_SNAPSHOT_BYTES_MIN = 1 << 20;

  private final ShardContext context;
  private final Path directory;
  private final DatasetSpec spec; // as it was opened; see spec()
  private final BufferAllocator allocator;
  private final ShardState state;
  private final ShardLog log;
  private final WriteQueue queue;
  private final IndexProgress progress;
  private final IndexPool.Member linking;
  private final ShardWriter writer;
  private final Snapshotter snapshotter;
  private final DeleteEncoder deleteEncoder;
  private final CallGate gate;
  private final DatasetCache cache;
  private final AfterWrites afterWrites = new AfterWrites();

  private Shard(
      ShardContext context,
      Path directory,
      DatasetSpec spec,
      BufferAllocator allocator,
      ShardRecovery.Recovered recovered) {
    this.context = context;
    this.directory = directory;
    this.spec = spec;
    this.allocator = allocator;
    this.state = recovered.state();
    this.log = recovered.log();
    deleteEncoder = new DeleteEncoder(spec);
    gate = new CallGate("dataset '" + spec.name() + "'");
    cache = context.queryCache().open(spec.cache());
    queue = new WriteQueue(spec.name(), context.options(), this::pendingRows);
    progress =
        new IndexProgress(
            state.index().stats().pending(), state.applied().sequence(), queue::roomMayBe);
    snapshotter = new Snapshotter(context, directory, allocator, recovered);
    writer =
        new ShardWriter(
            spec.name(),
            context.options(),
            log,
            new LogApplier(state, allocator),
            queue,
            progress,
            afterWrites);
    linking = context.indexPool().register(state.index(), progress, this::linkingFailed);
  }

  /**
   * Opens a dataset in a directory that has its log directory.
   *
   * @throws StoreException CORRUPT naming the file if anything acknowledged is damaged
   */
  public static Shard open(ShardContext context, Path directory, DatasetSpec spec)
      throws IOException {
    BufferAllocator allocator =
        context.allocator().newChildAllocator(spec.name(), 0, Long.MAX_VALUE);
    try {
      Shard shard =
          new Shard(
              context,
              directory,
              spec,
              allocator,
              new ShardRecovery(context, directory, spec, allocator).run());
      shard.writer.start();
      shard.linking.signal();
      return shard;
    } catch (IOException | RuntimeException e) {
      allocator.close();
      throw e;
    }
  }

  private void linkingFailed(Exception e) {
    writer.fail("rows could not be linked", e);
    progress.close(); // nobody waits for what does not come
  }

  private long pendingRows() {
    return progress.pending();
  }

  private final class AfterWrites implements ShardWriter.Listener {
    @Override
    public void applied(int rowsAdded, long sequence) {
      cache.changed();
      progress.appended(rowsAdded, sequence);
      if (rowsAdded > 0) {
        linking.signal();
      }
    }

    @Override
    public void groupDone(long bytes) {
      if (snapshotter.logGrew(bytes)) {
        snapshotter.start(Shard.this::momentBetweenWrites).whenComplete((ok, e) -> logFailure(e));
      }
    }

    private void logFailure(Throwable e) {
      if (e != null) {
        LOG.warn("dataset '{}': no snapshot; the log grows on", spec.name(), e);
      }
    }
  }

  /** Refuses a schema whose batches {@link #put} would refuse. */
  public void checkPutSchema(Schema schema) {
    DatasetSpec now = spec();
    SpecReader.checkMetadata(schema, now);
    new PutEncoder(SpecReader.widened(now, schema), state.index()).checkSchema(schema);
  }

  /** See {@link io.arbalest.store.Dataset#put}. */
  public CompletableFuture<WriteReceipt> put(VectorSchemaRoot batch) {
    gate.enter();
    try {
      checkWritable();
      DatasetSpec wider = SpecReader.widened(spec(), batch.getSchema());
      if (wider != spec()) {
        addColumns(wider.columns());
      }
      ArrowBuf payload = new PutEncoder(spec(), state.index()).encode(batch, allocator);
      Write.Put write = new Write.Put(payload, batch.getRowCount());
      enqueue(write);
      return write.future;
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    } finally {
      gate.leave();
    }
  }

  /** What the dataset is now. */
  public DatasetSpec spec() {
    return state.spec();
  }

  /** See {@link io.arbalest.store.Dataset#addColumns}; columns that are there are passed over. */
  public void addColumns(List<Field> columns) {
    gate.enter();
    try {
      CompletableFuture<Void> done = new CompletableFuture<>();
      queue.request(
          () -> {
            try {
              widen(columns);
              done.complete(null);
            } catch (RuntimeException e) {
              done.completeExceptionally(e);
            }
          });
      done.join();
    } catch (CompletionException e) {
      throw unwrap(e);
    } finally {
      gate.leave();
    }
  }

  /** On the writing thread, between two writes. */
  private void widen(List<Field> columns) {
    checkWritable();
    DatasetSpec wider = spec().plus(columns);
    if (wider.columns().size() == spec().columns().size()) {
      return;
    }
    try {
      state.addColumns(wider, file -> SchemaFile.replace(context.disk(), directory, file));
    } catch (DiskFullException | OutOfMemoryException e) {
      throw new StoreException(
          StoreException.Category.RESOURCE_EXHAUSTED,
          String.format("dataset '%s': no room for columns: %s", spec.name(), e.getMessage()),
          e);
    } catch (IOException e) {
      // Whichever set of columns the file has now, no record has more than the old one.
      throw new StoreException(
          StoreException.Category.INTERNAL,
          String.format("dataset '%s': its schema: %s", spec.name(), e.getMessage()),
          e);
    }
    afterWrites.applied(0, state.applied().sequence());
  }

  /** See {@link io.arbalest.store.Dataset#delete}. */
  public CompletableFuture<DeleteReceipt> delete(FieldVector ids) {
    gate.enter();
    try {
      checkWritable();
      Write.Delete write = new Write.Delete(deleteEncoder.encode(ids, allocator));
      enqueue(write);
      return write.future;
    } finally {
      gate.leave();
    }
  }

  /** See {@link io.arbalest.store.Dataset#deleteMatching}. */
  public CompletableFuture<DeleteReceipt> deleteMatching(BoundFilter filter) {
    gate.enter();
    try {
      checkWritable();
      Write.DeleteMatching write =
          new Write.DeleteMatching(
              () -> deleteEncoder.encode(state.rows(), state.selectNow(filter), allocator));
      enqueue(write);
      return write.future;
    } finally {
      gate.leave();
    }
  }

  private void enqueue(Write write) {
    try {
      checkMemory(write);
      queue.add(write);
    } catch (RuntimeException e) {
      write.release();
      throw e;
    }
  }

  /** What is acknowledged must find memory when it is applied, so the limit is checked here. */
  private void checkMemory(Write write) {
    long used = context.allocator().getAllocatedMemory();
    long allowed = context.options().columnBytesMax();
    if (write.rows() > 0 && used + write.bytes() > allowed) {
      throw StoreException.exhausted(
          "dataset '%s': %d bytes of columns and queued writes in memory and this one has %d,"
              + " allowed %d",
          spec.name(), used, write.bytes(), allowed);
    }
  }

  private void checkWritable() {
    StoreException failure = writer.failure();
    if (failure != null) {
      throw new StoreException(failure.category(), failure.getMessage(), failure);
    }
  }

  /** Runs a call that reads the state, which stays open meanwhile. */
  public <T> T read(Function<ShardState, T> call) {
    gate.enter();
    try {
      return call.apply(state);
    } finally {
      gate.leave();
    }
  }

  /** The dataset's remembered answers. */
  public DatasetCache cache() {
    return cache;
  }

  /** See {@link io.arbalest.store.Dataset#flush}. */
  public void flush() {
    gate.enter();
    try {
      if (!progress.await(state.applied().sequence())) {
        checkWritable(); // tells why
        throw StoreException.unavailable("dataset '%s': it is closing", spec.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StoreException.unavailable("dataset '%s': interrupted while waiting", spec.name());
    } finally {
      gate.leave();
    }
  }

  /**
   * Waits until the writes up to this one are applied.
   *
   * @param timeout how long to wait; null: without limit
   * @throws StoreException DEADLINE_EXCEEDED naming both sequences; UNAVAILABLE if the dataset is
   *     closed meanwhile
   */
  public void awaitApplied(long sequence, Duration timeout) {
    gate.enter();
    try {
      long nanos = timeout == null ? Long.MAX_VALUE : timeout.toNanos();
      if (progress.awaitApplied(sequence, nanos)) {
        return;
      }
      if (progress.isClosed()) {
        checkWritable(); // tells why
        throw StoreException.unavailable("dataset '%s': it is closing", spec.name());
      }
      throw new StoreException(
          StoreException.Category.DEADLINE_EXCEEDED,
          String.format(
              "min_sequence: found sequence %d of dataset '%s' applied after %d ms, wanted %d",
              state.applied().sequence(), spec.name(), timeout.toMillis(), sequence));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StoreException.unavailable("dataset '%s': interrupted while waiting", spec.name());
    } finally {
      gate.leave();
    }
  }

  /** See {@link io.arbalest.store.Dataset#snapshot}. */
  public void snapshot() {
    gate.enter();
    try {
      snapshotter.start(this::momentBetweenWrites).join();
    } catch (CompletionException e) {
      throw unwrap(e);
    } finally {
      gate.leave();
    }
  }

  private static RuntimeException unwrap(CompletionException e) {
    return e.getCause() instanceof StoreException cause
        ? new StoreException(cause.category(), cause.getMessage(), e)
        : e;
  }

  private SnapshotWriter.Moment momentBetweenWrites() {
    CompletableFuture<SnapshotWriter.Moment> moment = new CompletableFuture<>();
    queue.request(
        () -> {
          try {
            moment.complete(snapshotter.moment());
          } catch (RuntimeException e) {
            moment.completeExceptionally(e);
          }
        });
    return moment.join();
  }

  /** See {@link io.arbalest.store.Dataset#status}. */
  public DatasetStatus status(ShadowStatus shadow) {
    gate.enter();
    try {
      Applied applied = state.applied();
      var index = state.index().stats();
      List<ColumnIndex> indexes = state.metadata().columns();
      TextIndex text = state.text();
      return new DatasetStatus(
          spec.name(),
          stateName(),
          spec.metric(),
          spec.element(),
          spec.idType(),
          spec.dimension(),
          applied.rows(),
          applied.live(),
          progress.pending(),
          applied.sequence(),
          log.durableSequence(),
          progress.indexedSequence(),
          snapshotter.sequence(),
          queue.size(),
          log.bytes(),
          log.segments(),
          state.rows().bytes(),
          state.idMapBytes(),
          indexes.stream().mapToLong(ColumnIndex::bytes).sum(),
          index.vectorBytes(),
          index.codeBytes(),
          index.graphBytes(),
          index.overlayLists(),
          index.m(),
          index.efConstruction(),
          index.levelMax(),
          index.kernelSet(),
          index.nativeArithmetic(),
          context.options().sync().toString(),
          writer.syncs(),
          writer.syncNanos(),
          text == null ? 0 : text.diskBytes(),
          text == null ? 0 : text.memoryBytes(),
          indexes,
          cache.status(),
          state.filters().status(),
          shadow);
    } finally {
      gate.leave();
    }
  }

  private String stateName() {
    StoreException failure = writer.failure();
    if (failure != null) {
      return "failed: " + failure.getMessage();
    }
    if (writer.isDiskFull()) {
      return "disk-full";
    }
    TextIndex text = state.text();
    String textFailure = text == null ? null : text.failure();
    return textFailure == null ? "ok" : "text-failed: " + textFailure;
  }

  /**
   * Takes no more calls, finishes the writes that wait, writes a snapshot if that makes the next
   * start faster, and frees everything.
   *
   * @param takeSnapshot false if the dataset is about to be dropped
   */
  public void close(boolean takeSnapshot) {
    queue.close();
    writer.join();
    progress.close();
    gate.close();
    cache.close();
    linking.close();
    // Whatever the snapshot thread is at ends first, since it runs one thing at a time.
    try {
      CompletableFuture.runAsync(() -> lastSnapshot(takeSnapshot), context.snapshotThread()).join();
    } catch (CompletionException | CancellationException e) {
      LOG.warn("dataset '{}': no snapshot at its closing", spec.name(), e);
    }
    state.close();
    try {
      log.close();
    } catch (IOException e) {
      LOG.warn("dataset '{}': closing the log", spec.name(), e);
    }
    allocator.close();
  }

  private void lastSnapshot(boolean takeSnapshot) {
    if (takeSnapshot
        && writer.failure() == null
        && snapshotter.isWorthwhile(CLOSING_SNAPSHOT_BYTES_MIN)) {
      snapshotter.write(snapshotter::moment);
    } else if (takeSnapshot && writer.failure() == null) {
      snapshotter.commitText();
    }
  }
}
