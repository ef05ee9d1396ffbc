package io.arbalest.store.shard;

import io.arbalest.store.DeleteReceipt;
import io.arbalest.store.StoreException;
import io.arbalest.store.WriteReceipt;
import io.arbalest.store.log.RecordType;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.ArrowBuf;

/** A write on its way: its payload for the log, and who waits for it. */
abstract sealed class Write {
  private final ArrowBuf payload;
  private final int rows;
  private long sequence;

  private Write(ArrowBuf payload, int rows) {
    this.payload = payload;
    this.rows = rows;
  }

  abstract RecordType type();

  abstract void fail(StoreException failure);

  /** For the log and then for the state; closed by the writer in the end. */
  final ArrowBuf payload() {
    return payload;
  }

  final long bytes() {
    return payload.writerIndex();
  }

  /** Rows that it adds. */
  final int rows() {
    return rows;
  }

  final long sequence() {
    return sequence;
  }

  final void logged(long at) {
    sequence = at;
  }

  static final class Put extends Write {
    final CompletableFuture<WriteReceipt> future = new CompletableFuture<>();

    Put(ArrowBuf payload, int rows) {
      super(payload, rows);
    }

    @Override
    RecordType type() {
      return RecordType.PUT;
    }

    @Override
    void fail(StoreException failure) {
      future.completeExceptionally(failure);
    }
  }

  static final class Delete extends Write {
    final CompletableFuture<DeleteReceipt> future = new CompletableFuture<>();

    Delete(ArrowBuf payload) {
      super(payload, 0);
    }

    @Override
    RecordType type() {
      return RecordType.DELETE;
    }

    @Override
    void fail(StoreException failure) {
      future.completeExceptionally(failure);
    }
  }
}
