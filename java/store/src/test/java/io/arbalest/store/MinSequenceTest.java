package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.arbalest.store.StoreException.Category;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A search that asks for a write waits for it, and for no longer than it may take. */
@ExtendWith(TestAllocator.class)
class MinSequenceTest {
  private static final int DIMENSION = 4;

  @TempDir Path directory;

  private static SearchRequest request(long sequence, Duration timeout) {
    return SearchRequest.like(1L, 1).with().minSequence(sequence).timeout(timeout).build();
  }

  private static long put(Dataset dataset, BufferAllocator allocator, int version) {
    return Batches.put(dataset, allocator, List.of(Batches.row(1L, 1, version, DIMENSION)))
        .sequence();
  }

  @Test
  void aWriteThatIsThereIsNotWaitedFor(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      long sequence = put(dataset, allocator, 1);
      for (long wanted = 0; wanted <= sequence; wanted++) {
        dataset.search(request(wanted, Duration.ofDays(1)), allocator).close();
        dataset.search(request(wanted, null), allocator).close();
      }
    }
    try (Store store = Store.open(StoreOptions.of(directory))) {
      dataset(store).search(request(1, null), allocator).close(); // recovered writes count
    }
  }

  private static Dataset dataset(Store store) {
    return store.dataset("d");
  }

  @Test
  void aWriteStillToComeIsWaitedForAndFound(BufferAllocator allocator) throws Exception {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      long last = put(dataset, allocator, 0);
      for (int round = 1; round <= 20; round++) {
        long wanted = last + 2;
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<Integer> version =
            CompletableFuture.supplyAsync(
                () -> {
                  asked.countDown();
                  return versionFound(dataset, wanted);
                });
        asked.await();
        put(dataset, allocator, 2 * round - 1);
        last = put(dataset, allocator, 2 * round);
        assertThat(last).isEqualTo(wanted);
        assertThat(version.get()).isEqualTo(2 * round);
      }
    }
  }

  private static int versionFound(Dataset dataset, long sequence) {
    SearchRequest request =
        request(sequence, Duration.ofMinutes(1)).with().columns(List.of("version")).build();
    try (BufferAllocator own = new RootAllocator();
        SearchAnswer answer = dataset.search(request, own)) {
      return (int) answer.root().getVector("version").getObject(0);
    }
  }

  @Test
  void whatNeverComesIsWaitedForUntilTheTimeIsOver(BufferAllocator allocator) {
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      long sequence = put(dataset, allocator, 1);
      long start = System.nanoTime();
      StoreException error =
          catchThrowableOfType(
              StoreException.class,
              () -> dataset.search(request(Long.MAX_VALUE, Duration.ofMillis(30)), allocator));
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(30_000_000);
      assertThat(error.category()).isEqualTo(Category.DEADLINE_EXCEEDED);
      assertThat(error.getMessage())
          .contains("min_sequence: found sequence " + sequence, "wanted " + Long.MAX_VALUE);
    }
  }

  @Test
  void closingEndsTheWait(BufferAllocator allocator) throws Exception {
    CompletableFuture<Void> waiting;
    CountDownLatch asked = new CountDownLatch(1);
    try (Store store = Store.open(StoreOptions.of(directory))) {
      Dataset dataset = store.create(Batches.spec("d", IdType.INT64, DIMENSION));
      waiting =
          CompletableFuture.runAsync(
              () -> {
                asked.countDown();
                dataset.awaitSequence(5, null);
              });
      asked.await();
    }
    ExecutionException ended = catchThrowableOfType(ExecutionException.class, waiting::get);
    assertThat(((StoreException) ended.getCause()).category()).isEqualTo(Category.UNAVAILABLE);
  }
}
