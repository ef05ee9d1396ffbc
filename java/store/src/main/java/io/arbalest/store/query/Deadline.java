package io.arbalest.store.query;

import io.arbalest.store.StoreException;
import java.time.Duration;

/** When a search must be done. */
final class Deadline {
  private final Duration allowed; // null: there is no end
  private final long end;

  /**
   * @param allowed from now on; null: without limit
   */
  Deadline(Duration allowed) {
    this.allowed = allowed;
    this.end = allowed == null ? 0 : System.nanoTime() + allowed.toNanos();
  }

  /** Whether the time is over. */
  boolean isOver() {
    return allowed != null && System.nanoTime() - end >= 0;
  }

  /** Gives up if the time is over. */
  void check(int queriesDone, int queries) {
    if (isOver()) {
      throw new StoreException(
          StoreException.Category.DEADLINE_EXCEEDED,
          String.format(
              "the search took longer than %d ms: %d of %d queries were done",
              allowed.toMillis(), queriesDone, queries));
    }
  }
}
