package io.arbalest.store.shard;

import io.arbalest.engine.OpenOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.batch.BatchCodec;
import io.arbalest.store.log.LocalWal;
import io.arbalest.store.log.LogRecord;
import io.arbalest.store.log.ShardLog;
import io.arbalest.store.rows.IdMap;
import io.arbalest.store.rows.RowStore;
import io.arbalest.store.snapshot.SnapshotReader;
import io.arbalest.store.snapshot.Snapshots;
import io.arbalest.store.text.TextIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a dataset back: its newest snapshot, then the log behind it, then, if it has text columns,
 * the index of texts, which takes what it lacks from the columns.
 */
final class ShardRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(ShardRecovery.class);

  private final ShardContext context;
  private final Path directory;
  private final DatasetSpec spec;
  private final BufferAllocator allocator;

  ShardRecovery(ShardContext context, Path directory, DatasetSpec spec, BufferAllocator allocator) {
    this.context = context;
    this.directory = directory;
    this.spec = spec;
    this.allocator = allocator;
  }

  /**
   * A dataset brought back.
   *
   * @param state as the last durable write left it
   * @param log open behind that write
   * @param snapshotSequence of the snapshot used; 0: none
   * @param snapshotBytes its size
   */
  record Recovered(ShardState state, ShardLog log, long snapshotSequence, long snapshotBytes) {}

  /**
   * Recovers.
   *
   * @throws io.arbalest.store.StoreException CORRUPT naming the file if anything acknowledged is
   *     damaged
   */
  Recovered run() throws IOException {
    long started = System.nanoTime();
    Optional<Path> snapshot = Snapshots.newest(context.disk(), directory);
    Snapshots.removeOthers(context.disk(), directory, snapshot.orElse(null));
    SnapshotReader reader = snapshot.isPresent() ? SnapshotReader.open(snapshot.get(), spec) : null;
    long snapshotSequence = reader == null ? 0 : reader.sequence();
    ShardState state = reader == null ? empty() : load(reader);
    try {
      ShardLog log =
          LocalWal.open(
              context.disk(),
              directory.resolve(Shard.WAL_DIRECTORY),
              context.options().walSegmentBytes(),
              snapshotSequence);
      try {
        replay(state, log, snapshotSequence + 1);
        openText(state);
      } catch (IOException | RuntimeException e) {
        log.close();
        throw e;
      }
      Applied applied = state.applied();
      LOG.info(
          "dataset '{}': {} live rows at sequence {}, {} writes replayed, in {} ms",
          spec.name(),
          applied.live(),
          applied.sequence(),
          applied.sequence() - snapshotSequence,
          (System.nanoTime() - started) / 1_000_000);
      return new Recovered(state, log, snapshotSequence, reader == null ? 0 : reader.bytes());
    } catch (IOException | RuntimeException e) {
      state.close();
      throw e;
    }
  }

  private void openText(ShardState state) {
    if (!spec.textColumns().isEmpty()) {
      long sequence = state.applied().sequence();
      state.openText(
          TextIndex.open(context.disk(), directory, spec, state.rows(), allocator, sequence));
    }
  }

  private ShardState empty() {
    VectorIndex.Builder builder =
        VectorIndex.builder(spec.dimension())
            .metric(spec.metric())
            .element(spec.element())
            .m(spec.m())
            .efConstruction(spec.efConstruction())
            .codes(spec.codes())
            .layout(spec.layout());
    if (context.kernelSet() != null) {
      builder.kernelSet(context.kernelSet());
    }
    RowStore rows = new RowStore(spec.idField(), spec.columns(), allocator);
    return new ShardState(
        spec, allocator, builder.build(), rows, IdMap.forRows(rows), context.filterCache(), 0);
  }

  private ShardState load(SnapshotReader reader) throws IOException {
    OpenOptions options = OpenOptions.defaults();
    if (context.kernelSet() != null) {
      options = options.kernelSet(context.kernelSet());
    }
    RowStore rows = new RowStore(spec.idField(), spec.columns(), allocator);
    try {
      reader.readRows(rows, allocator);
      IdMap ids = IdMap.forRows(rows);
      for (int row = 0; row < rows.rows(); row++) {
        if (!rows.isDeleted(row)) {
          ids.put(row);
        }
      }
      VectorIndex index = reader.openIndex(options);
      return new ShardState(
          spec, allocator, index, rows, ids, context.filterCache(), reader.sequence());
    } catch (IOException | RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  private void replay(ShardState state, ShardLog log, long from) throws IOException {
    LogApplier applier = new LogApplier(state, allocator);
    log.replay(from, record -> apply(applier, record));
  }

  private void apply(LogApplier applier, LogRecord record) {
    try (ArrowBuf payload = BatchCodec.copy(record.payload(), allocator)) {
      applier.apply(record.type(), record.sequence(), payload);
    }
  }
}
