package io.arbalest.bench.filter;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.server.cli.io.VectorColumns;
import io.arbalest.store.Dataset;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.IdType;
import io.arbalest.store.Store;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.SyncMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** A durable dataset of a set's rows, its graph frozen; ids are row numbers. */
final class FilterDataset implements AutoCloseable {
  private static final String NAME = "filter";
  private static final int BATCH_ROWS = 1_000;

  private final BufferAllocator allocator = new RootAllocator();
  private final Store store;
  private final Dataset dataset;

  /**
   * Opens the dataset that an earlier run left in a directory, or fills a new one.
   *
   * @param snapshot whether to leave a snapshot for the next run
   * @param subsets whether filters that are used much get an index of their rows
   */
  FilterDataset(
      Path directory, FilterSet set, ElementType element, boolean snapshot, boolean subsets) {
    // Rows wait for the graph in any number: what is measured begins when all are in it.
    StoreOptions options =
        StoreOptions.of(directory)
            .withSync(SyncMode.interval(1000))
            .withPendingRows(Integer.MAX_VALUE, Integer.MAX_VALUE)
            .withWriteWait(Duration.ofMinutes(10))
            .withSnapshotWalBytes(0);
    store = Store.open(subsets ? options : options.withSubsetPrice(Double.POSITIVE_INFINITY));
    Dataset found;
    if (!store.datasets().isEmpty()) {
      found = store.dataset(NAME);
    } else {
      found = fill(set, element);
      if (snapshot) {
        found.snapshot();
      }
    }
    if (found.rowCount() != set.rows()) {
      throw new IllegalStateException(
          "%s: found %d rows, the set has %d: name another directory"
              .formatted(directory, found.rowCount(), set.rows()));
    }
    dataset = found;
  }

  private Dataset fill(FilterSet set, ElementType element) {
    Metric metric = set.metric();
    DatasetSpec spec =
        DatasetSpec.of(NAME, metric, element, IdType.INT64, set.dimension())
            .withColumns(set.columns().stream().map(SetColumn::field).toList());
    Dataset created = store.create(spec);
    for (int first = 0; first < set.rows(); first += BATCH_ROWS) {
      int count = Math.min(BATCH_ROWS, set.rows() - first);
      List<FieldVector> columns = new ArrayList<>();
      columns.add(VectorColumns.ids(first, count, allocator));
      columns.add(VectorColumns.of(set.base(), first, count, allocator));
      for (SetColumn column : set.columns()) {
        columns.add(column.vector(first, count, allocator));
      }
      try (VectorSchemaRoot batch = new VectorSchemaRoot(columns)) {
        created.put(batch).join();
      }
    }
    created.flush();
    created.freeze();
    return created;
  }

  Dataset dataset() {
    return dataset;
  }

  BufferAllocator allocator() {
    return allocator;
  }

  @Override
  public void close() {
    store.close();
    allocator.close();
  }
}
