package io.arbalest.store;

import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** A durable set of rows. Thread-safe. */
public final class Dataset {
  Dataset() {}

  public String name() {
    throw new UnsupportedOperationException();
  }

  public DatasetSpec spec() {
    throw new UnsupportedOperationException();
  }

  /** The dataset's own schema; see {@link DatasetSpec#arrowSchema()}. */
  public Schema arrowSchema() {
    throw new UnsupportedOperationException();
  }

  /** How many rows live. */
  public long rowCount() {
    throw new UnsupportedOperationException();
  }

  /** Refuses (INVALID_ARGUMENT) a schema whose batches {@link #put} would refuse. */
  public void checkPutSchema(Schema schema) {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<WriteReceipt> put(VectorSchemaRoot batch) {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<DeleteReceipt> delete(FieldVector ids) {
    throw new UnsupportedOperationException();
  }

  public SearchAnswer search(SearchRequest request, BufferAllocator allocator) {
    throw new UnsupportedOperationException();
  }

  /** The schema that {@link #search} would answer with. */
  public Schema searchSchema(SearchRequest request) {
    throw new UnsupportedOperationException();
  }

  public ScanCursor scan(ScanRequest request, BufferAllocator allocator) {
    throw new UnsupportedOperationException();
  }

  /** The schema that {@link #scan} would answer with. */
  public Schema scanSchema(ScanRequest request) {
    throw new UnsupportedOperationException();
  }

  /** Waits until every write acknowledged before the call is in the graph. */
  public void flush() {
    throw new UnsupportedOperationException();
  }

  /** Packs the graph. */
  public void freeze() {
    throw new UnsupportedOperationException();
  }

  /** Writes a snapshot and trims the log behind it. */
  public void snapshot() {
    throw new UnsupportedOperationException();
  }

  public DatasetStatus status() {
    throw new UnsupportedOperationException();
  }
}
