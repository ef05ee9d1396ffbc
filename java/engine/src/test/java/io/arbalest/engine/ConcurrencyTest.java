package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.internal.NativeHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConcurrencyTest {
  private static final int DIMENSION = 32;
  private static final int ROWS = 6000;
  private static final int WRITERS = 3;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() throws InterruptedException {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  private List<Future<?>> start(int count, Callable<?> work) {
    List<Future<?>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(threads.submit(work));
    }
    return futures;
  }

  private static void join(List<Future<?>> futures) throws Exception {
    for (Future<?> future : futures) {
      future.get();
    }
  }

  @Test
  @ExtendWith(NoLeaks.class)
  void writersLinkWhileSearchesSeeEveryAppendedRow() throws Exception {
    float[][] vectors = TestVectors.gaussian(ROWS, DIMENSION, 1);
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build()) {
      AtomicInteger next = new AtomicInteger();
      AtomicInteger appended = new AtomicInteger();
      AtomicBoolean done = new AtomicBoolean();
      Object order = new Object();
      List<Future<?>> writers =
          start(
              WRITERS,
              () -> {
                for (int from; (from = next.getAndAdd(50)) < ROWS; ) {
                  synchronized (order) { // rows of a batch become known together
                    index.append(
                        TestVectors.ids(from, 50), Arrays.copyOfRange(vectors, from, from + 50));
                    appended.addAndGet(50);
                  }
                  index.link(50);
                }
                return null;
              });
      List<Future<?>> readers =
          start(
              2,
              () -> {
                long searches = 0;
                while (!done.get()) {
                  int known = appended.get();
                  if (known == 0) {
                    Thread.onSpinWait();
                    continue;
                  }
                  SearchResult hits = index.search(vectors[0], SearchOptions.k(10).ef(64));
                  assertThat(hits.distances()).isSorted();
                  assertThat(Arrays.stream(hits.ids()).distinct().count()).isEqualTo(hits.size());
                  assertThat(hits.size()).isEqualTo(10);
                  searches++;
                }
                return searches;
              });
      join(writers);
      done.set(true);
      join(readers);
      while (index.link(ROWS) > 0) {
        Thread.onSpinWait();
      }
      assertThat(index.stats().rows()).isEqualTo(ROWS);
      assertThat(index.stats().pending()).isZero();
      IndexReport report = index.validate();
      assertThat(report.isSound()).as(report.toString()).isTrue();
      assertThat(report.nodes()).isEqualTo(ROWS);
      assertThat(selfRecall(index, vectors)).isGreaterThanOrEqualTo(0.99);
    }
  }

  private static double selfRecall(VectorIndex index, float[][] vectors) {
    int found = 0;
    for (int i = 0; i < vectors.length; i += 10) {
      found += index.search(vectors[i], 1).ids()[0] == i ? 1 : 0;
    }
    return found / (vectors.length / 10.0);
  }

  @Test
  @ExtendWith(NoLeaks.class)
  void deletesAndUpsertsWhileSearchesRunGiveNoIdTwice() throws Exception {
    float[][] vectors = TestVectors.gaussian(2000, DIMENSION, 2);
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build()) {
      index.add(TestVectors.ids(0, 1000), Arrays.copyOf(vectors, 1000));
      AtomicBoolean done = new AtomicBoolean();
      List<Future<?>> readers =
          start(
              2,
              () -> {
                while (!done.get()) {
                  SearchResult hits =
                      index.search(vectors[ThreadLocalRandom.current().nextInt(2000)], 20);
                  assertThat(Arrays.stream(hits.ids()).distinct().count()).isEqualTo(hits.size());
                }
                return null;
              });
      for (int i = 0; i < 1000; i++) {
        index.add(new long[] {i}, new float[][] {vectors[1000 + i]});
        if (i % 3 == 0) {
          index.delete(i);
        }
      }
      done.set(true);
      join(readers);
      assertThat(index.stats().live()).isEqualTo(666);
      assertThat(index.search(vectors[1001], 1).ids()).containsExactly(1);
      assertThat(index.search(vectors[1], 1000).size()).isEqualTo(666);
    }
  }

  @Test
  @ExtendWith(NoLeaks.class)
  void closeWaitsForSearchesAndRefusesNewOnes() throws Exception {
    float[][] vectors = TestVectors.gaussian(3000, DIMENSION, 3);
    for (int round = 0; round < 20; round++) {
      VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
      index.append(TestVectors.ids(0, 3000), vectors);
      CountDownLatch running = new CountDownLatch(3);
      List<Future<?>> callers =
          start(
              3,
              () -> {
                for (boolean first = true; ; first = false) {
                  try {
                    assertThat(index.search(vectors[5], SearchOptions.k(10).exact(true)).ids()[0])
                        .isEqualTo(5);
                    index.link(1);
                  } catch (ArbalestException e) {
                    assertThat(e).hasMessageContaining("is closed");
                    return null;
                  }
                  if (first) {
                    running.countDown();
                  }
                }
              });
      running.await();
      List<Future<?>> closers =
          start(
              2,
              () -> {
                index.close();
                return null;
              });
      join(closers);
      join(callers);
      assertThatThrownBy(index::stats)
          .isInstanceOf(ArbalestException.class)
          .hasMessage("index: l2 index of float16[32] is closed");
      index.close();
    }
  }

  @Test
  @SuppressWarnings({"resource", "try"})
  void anIndexNobodyClosedIsFreedCountedAndReported() {
    long before = NativeHandle.leaks();
    VectorIndex.builder(4).build().add(new long[] {1}, new float[][] {{1, 2, 3, 4}});
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (NativeHandle.leaks() == before && System.nanoTime() < deadline) {
      System.gc();
      Thread.onSpinWait();
    }
    assertThat(NativeHandle.leaks()).isEqualTo(before + 1);
  }

  @Test
  @ExtendWith(NoLeaks.class)
  void anInterruptedCloseStillCloses() {
    VectorIndex index = VectorIndex.builder(4).build();
    Thread.currentThread().interrupt();
    index.close();
    assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
    assertThatThrownBy(index::validate).hasMessageContaining("is closed");
  }
}
