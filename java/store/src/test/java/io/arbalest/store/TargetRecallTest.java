package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.StoreException.Category;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A wanted recall takes what the last freeze measured, and outlives a restart. */
@ExtendWith(TestAllocator.class)
class TargetRecallTest {
  private static final int DIMENSION = 16;
  private static final int ROWS = 4000;

  @TempDir Path directory;

  private static SearchRequest.Builder request(FixedSizeListVector queries) {
    return SearchRequest.builder().queries(queries).k(10).cache(false); // a hit visits no row
  }

  private static long visited(Dataset dataset, SearchRequest.Builder request, BufferAllocator a) {
    try (SearchAnswer answer = dataset.search(request.build(), a)) {
      return answer.visited();
    }
  }

  @Test
  void theDefaultIsWhatAFreezeMeasuredFor95Percent(BufferAllocator allocator) {
    List<float[]> vectors = Batches.gaussian(ROWS, DIMENSION, 5);
    try (FixedSizeListVector queries =
        Batches.vectors(allocator, "vector", Batches.gaussian(50, DIMENSION, 6))) {
      long measured;
      try (Store store = Store.open(StoreOptions.of(directory))) {
        Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
        for (int first = 0; first < ROWS; first += 1000) {
          int from = first;
          Batches.put(
              dataset,
              allocator,
              Batches.rows(i -> (long) (from + i), vectors.subList(first, first + 1000)));
        }
        dataset.flush();
        assertThat(visited(dataset, request(queries), allocator))
            .isEqualTo(visited(dataset, request(queries).ef(128), allocator));
        dataset.freeze();
        measured = visited(dataset, request(queries), allocator);
        assertThat(measured)
            .isEqualTo(visited(dataset, request(queries).targetRecall(0.95), allocator))
            .isLessThan(visited(dataset, request(queries).targetRecall(0.99), allocator));
        dataset.snapshot();
      }
      try (Store store = Store.open(StoreOptions.of(directory))) {
        assertThat(visited(store.dataset("d"), request(queries), allocator)).isEqualTo(measured);
      }
    }
  }

  @Test
  void aRecallThatCannotBeIsRefused(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      for (double target : new double[] {0, 1, -1, Double.NaN}) {
        assertFails(
            Category.INVALID_ARGUMENT,
            "target_recall: found " + target + ", allowed above 0 and below 1",
            () ->
                dataset.search(
                    SearchRequest.like(1L, 1).with().targetRecall(target).build(), allocator));
      }
    }
  }
}
