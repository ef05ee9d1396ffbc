package io.arbalest.store.filter;

import io.arbalest.engine.RowSubset;

/**
 * A subset of the rows that a filter selects, shared by what the filter selects at one time and the
 * next: rows never change, so it stays right for those that it was made of, and deleted ones are
 * looked at by the search. Each of them closes it once, and the last one frees it.
 *
 * @param end how many rows the filter was asked for: from this number on its bits tell what matches
 */
record SharedSubset(RowSubset rows, int end, Holders holders) implements AutoCloseable {
  /** Held once, by the caller. */
  SharedSubset(RowSubset rows, int end) {
    this(rows, end, new Holders());
  }

  /** Holds it once more, on behalf of somebody else than the caller, who holds it already. */
  SharedSubset retain() {
    boolean held = holders.retain();
    assert held : "nobody holds it";
    return this;
  }

  @Override
  public void close() {
    if (holders.release()) {
      rows.close();
    }
  }
}
