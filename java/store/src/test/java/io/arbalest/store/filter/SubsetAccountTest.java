package io.arbalest.store.filter;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SubsetAccountTest {
  @Test
  void theOneWhoReachesThePriceOrdersAndNobodyElse() {
    SubsetAccount account = new SubsetAccount();
    assertThat(account.pay(40, 100)).isFalse();
    assertThat(account.pay(59, 100)).isFalse();
    assertThat(account.pay(1, 100)).isTrue();
    assertThat(account.pay(500, 100)).isFalse(); // it is being built
    account.postpone();
    assertThat(account.pay(0, 100)).isTrue(); // what was paid still counts
    account.spend();
    assertThat(account.pay(99, 100)).isFalse();
    assertThat(account.pay(1, 100)).isTrue();
    account.refuse();
    assertThat(account.pay(1000, 100)).isFalse();
  }

  @Test
  void whatWalksCostIsBelievedOnceSomeWereSeen() {
    SubsetAccount account = new SubsetAccount();
    account.walked(10, 3_000, 1_000);
    assertThat(account.walkFactor()).isEqualTo(1);
    account.walked(10, 1_000, 1_000);
    assertThat(account.walkFactor()).isEqualTo(2);
  }
}
