package io.arbalest.store.filter;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What is known of the searches with a filter: what they have cost so far, so that it gets a subset
 * of its rows once that would have paid for one: whoever rents until he has paid the price pays at
 * most twice what the best choice would have cost him; and how many times what was planned its
 * walks through the graph cost, which depends on where the matching rows lie. Shared by what the
 * filter selects at one time and the next. Thread-safe.
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

  /** Fewer walks say little: queries differ. */
  private static final int WALKS_MIN = 16;

  private final AtomicLong visits = new AtomicLong();
  private final AtomicReference<State> state = new AtomicReference<>(State.SAVING);
  private long walks;
  private double walked;
  private double planned;

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

  /** Queries went by the graph: what they cost, and what they would have by the plan. */
  synchronized void walked(int queries, double cost, double plan) {
    walks += queries;
    walked += cost;
    planned += plan;
  }

  /** How many times what is planned a walk costs; 1 as long as too few were seen. */
  synchronized double walkFactor() {
    return walks < WALKS_MIN ? 1 : walked / planned;
  }
}
