package io.arbalest.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CallTest {
  private static final long DEADLINE_SECONDS = 20;

  private final AtomicInteger released = new AtomicInteger();
  private final Call call = new Call("call-1", "DoPut", null, released::incrementAndGet);

  /** A wait that ends by nothing but an interrupt, as Flight's do. */
  private static <T> T take(BlockingQueue<T> queue, CountDownLatch inside) {
    try {
      inside.countDown();
      return queue.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private CompletableFuture<String> waiting(CountDownLatch inside) throws InterruptedException {
    BlockingQueue<String> nothing = new LinkedBlockingQueue<>();
    CompletableFuture<String> result =
        CompletableFuture.supplyAsync(
            () -> {
              String value = call.awaitClient(() -> take(nothing, inside));
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              return value;
            });
    assertThat(inside.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    return result;
  }

  @Test
  void aCancelledCallLeavesItsWaitBeforeCancelReturns() throws Exception {
    CompletableFuture<String> result = waiting(new CountDownLatch(1));
    call.cancel();
    assertThatThrownBy(() -> result.get(DEADLINE_SECONDS, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CancelledCallException.class);
    assertThatThrownBy(() -> call.awaitClient(() -> "later"))
        .isInstanceOf(CancelledCallException.class);
  }

  @Test
  void stopWaitingEndsTheWaitWithNothing() throws Exception {
    CompletableFuture<String> result = waiting(new CountDownLatch(1));
    call.stopWaiting();
    assertThat(result.get(DEADLINE_SECONDS, TimeUnit.SECONDS)).isNull();
    assertThat(call.<String>awaitClient(() -> "later")).isNull();
    assertThat(call.isCancelled()).isFalse();
  }

  @Test
  void aFailureOfTheReadItselfComesThrough() {
    assertThatThrownBy(
            () ->
                call.awaitClient(
                    () -> {
                      throw new IllegalArgumentException("bad batch");
                    }))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPlaceIsGivenBackWhenTransportAndCodeAreDone() {
    call.enter();
    call.transportDone();
    call.transportDone();
    assertThat(released).hasValue(0);
    call.leave();
    assertThat(released).hasValue(1);
  }
}
