package io.arbalest.store.shadow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CoreBudgetTest {
  private long now = 1_000;

  /** Pieces of work of random length, each begun as early as the budget lets it. */
  @Test
  void workTakesItsShareAndNoMoreThanAPieceBeyondTheBurst() {
    Random random = new Random(1);
    for (double share : new double[] {0.01, 0.05, 0.5, 1}) {
      CoreBudget budget = new CoreBudget(share, () -> now);
      long start = now;
      long worked = 0;
      for (int piece = 0; piece < 2000; piece++) {
        now += budget.nanosToWait();
        assertThat(budget.nanosToWait()).isZero();
        // What began had been paid for, but for the burst.
        double allowed = share * (now - start + CoreBudget.BURST_NANOS);
        assertThat((double) worked).isLessThanOrEqualTo(allowed + 1);
        long work = random.nextInt(50_000_000);
        now += work;
        worked += work;
        budget.spend(work);
      }
      assertThat(worked / (double) (now - start)).isBetween(share * 0.9, share * 1.1);
    }
  }

  @Test
  void rightsThatAreNotUsedAreNotSavedForEver() {
    CoreBudget budget = new CoreBudget(0.1, () -> now);
    now += 1000 * CoreBudget.BURST_NANOS;
    long saved = CoreBudget.BURST_NANOS / 10;
    budget.spend(saved);
    assertThat(budget.nanosToWait()).isZero();
    budget.spend(1_000);
    assertThat(budget.nanosToWait()).isBetween(9_990L, 10_010L);
  }
}
