package io.arbalest.store.shard;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.StoreException;
import io.arbalest.store.disk.DiskFullException;
import io.arbalest.store.log.ShardLog;
import io.arbalest.store.snapshot.SnapshotWriter;
import io.arbalest.store.snapshot.Snapshots;
import io.arbalest.store.text.TextIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when a dataset's snapshot is due, writes it, and trims the log behind it. One at a time:
 * all of it runs on the store's snapshot thread, but for the moment that is taken between two
 * writes.
 */
final class Snapshotter {
  private static final Logger LOG = LoggerFactory.getLogger(Snapshotter.class);

  private final ShardContext context;
  private final Path directory;
  private final ShardState state;
  private final ShardLog log;
  private final SnapshotWriter writer;
  private long bytesSince; // of the log, since the last snapshot or the last attempt
  private boolean scheduled;
  private volatile long sequence;
  private volatile long snapshotBytes;

  Snapshotter(
      ShardContext context,
      Path directory,
      BufferAllocator allocator,
      ShardRecovery.Recovered recovered) {
    this.context = context;
    this.directory = directory;
    this.state = recovered.state();
    this.log = recovered.log();
    this.writer = new SnapshotWriter(context.disk(), directory, allocator);
    this.sequence = recovered.snapshotSequence();
    this.snapshotBytes = recovered.snapshotBytes();
    this.bytesSince = sequence < log.lastSequence() ? log.bytes() : 0;
  }

  /** Every write up to this one is in the snapshot on disk. */
  long sequence() {
    return sequence;
  }

  /**
   * Counts what was written to the log; true if a snapshot is due now, which is told once. Due is
   * half the size of the last snapshot at least, so that a large dataset is not rewritten for
   * little.
   */
  synchronized boolean logGrew(long bytes) {
    bytesSince += bytes;
    long threshold = context.options().snapshotWalBytes();
    if (threshold == 0 || scheduled || bytesSince < Math.max(threshold, snapshotBytes / 2)) {
      return false;
    }
    scheduled = true;
    bytesSince = 0;
    return true;
  }

  /** Whether so much was written since the last snapshot that reading it again takes longer. */
  synchronized boolean isWorthwhile(long bytesMin) {
    return state.applied().sequence() > sequence && bytesSince >= bytesMin;
  }

  /** The moment to write, for a thread that knows that no write is being applied. */
  SnapshotWriter.Moment moment() {
    Applied applied = state.applied();
    return new SnapshotWriter.Moment(
        state.spec(),
        applied.sequence(),
        applied.rows(),
        applied.live(),
        state.rows().deletedWords(applied.rows()));
  }

  /** Writes a snapshot on the snapshot thread; {@code moment} waits for the moment. */
  CompletableFuture<Void> start(Supplier<SnapshotWriter.Moment> moment) {
    return CompletableFuture.runAsync(() -> write(moment), context.snapshotThread());
  }

  /** Writes a snapshot in this thread, which no other does at the same time. */
  void write(Supplier<SnapshotWriter.Moment> supplier) {
    try {
      SnapshotWriter.Moment moment = supplier.get();
      synchronized (this) {
        bytesSince = 0;
      }
      if (moment.sequence() > sequence) {
        long started = System.nanoTime();
        snapshotBytes = writer.write(moment, state.index(), state.rows(), log::sync);
        sequence = moment.sequence();
        LOG.info(
            "dataset '{}': snapshot of {} rows at sequence {}, {} bytes in {} ms",
            state.spec().name(),
            moment.rows(),
            sequence,
            snapshotBytes,
            (System.nanoTime() - started) / 1_000_000);
      }
      if (sequence > 0) {
        Snapshots.removeOthers(context.disk(), directory, Snapshots.path(directory, sequence));
        log.trim(sequence);
      }
      commitText();
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    } catch (DiskFullException e) {
      throw new StoreException(
          StoreException.Category.RESOURCE_EXHAUSTED, message(e) + "; make room and try again", e);
    } catch (IOException e) {
      throw new StoreException(StoreException.Category.INTERNAL, message(e), e);
    } finally {
      synchronized (this) {
        scheduled = false;
      }
    }
  }

  /** The index of texts need not be brought up from rows that the snapshot has. */
  void commitText() {
    TextIndex text = state.text();
    if (text != null) {
      text.commit(log::sync);
    }
  }

  private String message(IOException e) {
    return String.format("dataset '%s': snapshot: %s", state.spec().name(), e.getMessage());
  }
}
