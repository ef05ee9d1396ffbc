package io.arbalest.store.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IndexProgressTest {
  @Test
  void aWriteIsIndexedWhenItAndAllBeforeAre() {
    IndexProgress progress = new IndexProgress(0, 0, () -> {});
    progress.appended(10, 1);
    progress.appended(0, 2); // a delete
    progress.appended(10, 3);
    assertThat(progress.pending()).isEqualTo(20);
    assertThat(progress.indexedSequence()).isZero();
    long slow = progress.begin();
    long fast = progress.begin();
    progress.end(fast, 19); // the slow call holds a row that may be the first
    assertThat(progress.indexedSequence()).isZero();
    assertThat(progress.pending()).isEqualTo(1);
    progress.end(slow, 1);
    assertThat(progress.indexedSequence()).isEqualTo(3);
    progress.appended(0, 4);
    assertThat(progress.indexedSequence()).isEqualTo(4);
  }

  /** Against link calls that take the lowest free row one by one, and end in any order. */
  @Test
  void whatIsSaidToBeIndexedIsWhateverTheOrder() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      IndexProgress progress = new IndexProgress(0, 0, () -> {});
      List<Call> calls = new ArrayList<>();
      boolean[] linked = new boolean[2000];
      List<Integer> ends = new ArrayList<>(List.of(0)); // rows after each sequence
      int appended = 0;
      int taken = 0;
      for (int step = 0; step < 400; step++) {
        if (random.nextInt(4) == 0 && appended < 1900) {
          int rows = random.nextInt(20);
          appended += rows;
          ends.add(appended);
          progress.appended(rows, ends.size() - 1);
        } else if (random.nextInt(3) == 0 && calls.size() < 4) {
          calls.add(new Call(progress.begin()));
        } else if (!calls.isEmpty()) {
          Call call = calls.get(random.nextInt(calls.size()));
          call.finish(linked);
          if (taken < appended && random.nextInt(5) > 0) {
            call.holds = taken++;
          } else {
            calls.remove(call);
            progress.end(call.beginning, call.done);
          }
        }
        assertIndexed(progress, linked, ends, seed);
      }
    }
  }

  private static void assertIndexed(
      IndexProgress progress, boolean[] linked, List<Integer> ends, int seed) {
    int end = ends.get((int) progress.indexedSequence());
    for (int row = 0; row < end; row++) {
      assertThat(linked[row]).as("seed %d: row %d of %d", seed, row, end).isTrue();
    }
  }

  private static final class Call {
    final long beginning;
    int holds = -1;
    int done;

    Call(long beginning) {
      this.beginning = beginning;
    }

    void finish(boolean[] linked) {
      if (holds >= 0) {
        linked[holds] = true;
        done++;
        holds = -1;
      }
    }
  }
}
