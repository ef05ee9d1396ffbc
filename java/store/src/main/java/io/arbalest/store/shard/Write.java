package io.arbalest.store.shard;

import io.arbalest.store.DeleteReceipt;
import io.arbalest.store.StoreException;
import io.arbalest.store.WriteReceipt;
import io.arbalest.store.log.RecordType;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.arrow.memory.ArrowBuf;

/** A write on its way: its payload for the log, and who waits for it. */
abstract sealed class Write {
  private ArrowBuf payload; // null until it is known
  private final int rows;
  private long sequence;

  private Write(ArrowBuf payload, int rows) {
    this.payload = payload;
    this.rows = rows;
  }

  abstract RecordType type();

  abstract void fail(StoreException failure);

  /** For the log and then for the state. */
  final ArrowBuf payload() {
    return payload;
  }

  /** Frees the payload: the writer does, in the end. */
  final void release() {
    if (payload != null) {
      payload.close();
    }
  }

  final long bytes() {
    return payload == null ? 0 : payload.writerIndex();
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

  static sealed class Delete extends Write {
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

  /** A delete whose ids are looked up when all writes before it are applied. */
  static final class DeleteMatching extends Delete {
    private final Supplier<ArrowBuf> ids;

    /**
     * @param ids makes the payload
     */
    DeleteMatching(Supplier<ArrowBuf> ids) {
      super(null);
      this.ids = ids;
    }

    /** Looks the ids up. */
    void resolve() {
      ((Write) this).payload = ids.get();
    }
  }
}
