package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PassesTest {

  private long now = -5_000_000_000L;

  private Passes passes(int items, double seconds) {
    return new Passes(items, seconds, () -> now);
  }

  @Test
  void makesOnePassWhereThereIsNoTime() {
    Passes passes = passes(3, 0);
    assertThat(IntStream.range(0, 5).map(i -> passes.take())).containsExactly(0, 1, 2, -1, -1);
    assertThat(passes.begun()).isEqualTo(1);
  }

  @Test
  void endsWithTheLastItemOfThePassInWhichTimeRanOut() {
    Passes passes = passes(2, 1);
    assertThat(IntStream.range(0, 3).map(i -> passes.take())).containsExactly(0, 1, 0);
    now += 1_000_000_000L;
    assertThat(IntStream.range(0, 3).map(i -> passes.take())).containsExactly(1, -1, -1);
    assertThat(passes.begun()).isEqualTo(2);
  }

  @Test
  void handsEachItemOfAPassToOneThread() throws Exception {
    int items = 1000;
    Passes passes = new Passes(items, 0.01);
    AtomicIntegerArray taken = new AtomicIntegerArray(items);
    Callable<Void> thread =
        () -> {
          for (int item = passes.take(); item >= 0; item = passes.take()) {
            taken.incrementAndGet(item);
          }
          return null;
        };
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      for (Future<Void> one : pool.invokeAll(List.of(thread, thread, thread, thread))) {
        one.get();
      }
    } finally {
      pool.shutdown();
    }
    assertThat(IntStream.range(0, items).map(taken::get)).containsOnly(passes.begun());
  }

  @Test
  void refusesPassesOverNothing() {
    assertThatThrownBy(() -> passes(0, 1)).hasMessage("items: 0; allowed: 1 or more");
  }
}
