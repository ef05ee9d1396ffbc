package io.arbalest.bench.service;

import io.arbalest.client.BatchSource;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/** Batches that are kept, as a source: each is shown through one root, without a copy. */
final class QueryStream implements BatchSource {

  private final VectorSchemaRoot root;
  private final VectorLoader loader;
  private final Iterator<VectorSchemaRoot> rest;

  QueryStream(List<VectorSchemaRoot> batches, BufferAllocator allocator) {
    root = VectorSchemaRoot.create(batches.get(0).getSchema(), allocator);
    loader = new VectorLoader(root);
    rest = batches.iterator();
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() {
    if (!rest.hasNext()) {
      return false;
    }
    try (ArrowRecordBatch batch = new VectorUnloader(rest.next()).getRecordBatch()) {
      loader.load(batch);
    }
    return true;
  }

  @Override
  public void close() {
    root.close();
  }
}
