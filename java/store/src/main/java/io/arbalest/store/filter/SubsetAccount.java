package io.arbalest.store.filter;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What the searches with a filter have cost so far, so that it gets a subset of its rows once that
 * would have paid for one: whoever rents until he has paid the price pays at most twice what the
 * best choice would have cost him. Shared by what the filter selects at one time and the next.
 * Thread-safe.
 */
final class SubsetAccount {
  private enum State {
    /** Searches pay in. */
    SAVING,
    /** A subset is ordered, or being built. */
    BUILDING,
    /** It is none that can be kept. */
    REFUSED
  }

  private final AtomicLong visits = new AtomicLong();
  private final AtomicReference<State> state = new AtomicReference<>(State.SAVING);

  /**
   * Pays in what a search cost.
   *
   * @return whether the price is reached and the caller, he alone, is to order a subset
   */
  boolean pay(double cost, double price) {
    if (state.get() != State.SAVING) {
      return false;
    }
    return visits.addAndGet(Math.round(cost)) >= price
        && state.compareAndSet(State.SAVING, State.BUILDING);
  }

  /** The order was not taken: the next search may place it. */
  void postpone() {
    state.set(State.SAVING);
  }

  /** It was built, or there was nothing to build: the next one has to be paid anew. */
  void spend() {
    visits.set(0);
    state.set(State.SAVING);
  }

  /** There is to be none. */
  void refuse() {
    state.set(State.REFUSED);
  }
}
