package io.arbalest.bench.service;

import io.arbalest.bench.data.DataOptions;
import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.server.cli.io.VectorFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The rows and queries of a run, in memory before the clock starts: what is timed is the way into
 * the store and back, not the reading of a file.
 */
final class ServiceData implements AutoCloseable {

  static final String DATASET = "bench";

  private static final int LINK_ROWS = 256;

  private final BufferAllocator allocator = new RootAllocator();
  private final List<VectorSchemaRoot> batches = new ArrayList<>();
  private final List<VectorSchemaRoot> queryBatches = new ArrayList<>();
  private final float[][] queries;
  private final Metric metric;
  private final int rows;
  private final long vectorBytes;

  /**
   * @param rowsMax rows to take of the base; 0 takes all
   * @param batchRows rows of a put
   * @param queryRows queries of a message of a batch search
   */
  ServiceData(DataOptions options, int rowsMax, int batchRows, int queryRows) throws IOException {
    metric = Metric.fromWireName(options.metric());
    try (VectorFile base = VectorFile.open(options.base());
        VectorFile queryFile = VectorFile.open(options.queries())) {
      if (base.dimension() != queryFile.dimension()) {
        throw options.wrong(
            "%s has dimension %d, %s has %d"
                .formatted(
                    options.base(), base.dimension(), options.queries(), queryFile.dimension()));
      }
      rows = rowsMax == 0 ? base.rows() : Math.min(rowsMax, base.rows());
      vectorBytes = (long) rows * base.dimension() * base.component().bytes();
      for (int first = 0; first < rows; first += batchRows) {
        int count = Math.min(batchRows, rows - first);
        BigIntVector ids = VectorColumns.ids(first, count, allocator);
        batches.add(root(ids, VectorColumns.read(base, first, count, allocator)));
      }
      queries = queryFile.readFloats();
    }
    for (int first = 0; first < queries.length; first += queryRows) {
      int count = Math.min(queryRows, queries.length - first);
      queryBatches.add(root(VectorColumns.of(queries, first, count, allocator)));
    }
  }

  private VectorSchemaRoot root(FieldVector... columns) {
    List<FieldVector> list = List.of(columns);
    Schema schema =
        new Schema(
            list.stream().map(FieldVector::getField).toList(),
            Map.of("arbalest.metric", metric.wireName()));
    return new VectorSchemaRoot(schema, list, list.get(0).getValueCount());
  }

  BufferAllocator allocator() {
    return allocator;
  }

  /** The rows, as {@code id} and {@code vector}. */
  List<VectorSchemaRoot> batches() {
    return batches;
  }

  /** The queries, as {@code vector}. */
  List<VectorSchemaRoot> queryBatches() {
    return queryBatches;
  }

  float[][] queries() {
    return queries;
  }

  int rows() {
    return rows;
  }

  /** Bytes of the vectors as the file keeps them. */
  long vectorBytes() {
    return vectorBytes;
  }

  /** An index of all rows with the settings that a dataset has by default. */
  VectorIndex buildIndex(int threads) throws InterruptedException {
    FixedSizeListVector first = (FixedSizeListVector) batches.get(0).getVector("vector");
    VectorIndex index =
        VectorIndex.builder(first.getListSize())
            .metric(metric)
            .element(ElementType.FLOAT16)
            .build();
    for (VectorSchemaRoot batch : batches) {
      index.append(
          (BigIntVector) batch.getVector("id"), (FixedSizeListVector) batch.getVector("vector"));
    }
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(() -> linkAll(index), "bench-link-" + i);
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join();
    }
    if (index.stats().pending() > 0) {
      throw new IllegalStateException(index.stats().pending() + " rows are not in the graph");
    }
    return index;
  }

  private static void linkAll(VectorIndex index) {
    int linked = index.link(LINK_ROWS);
    while (linked > 0) {
      linked = index.link(LINK_ROWS);
    }
  }

  @Override
  public void close() {
    batches.forEach(VectorSchemaRoot::close);
    queryBatches.forEach(VectorSchemaRoot::close);
    allocator.close();
  }
}
