package io.arbalest.store.shard;

import io.arbalest.store.StoreException;

/** Lets calls in until it is closed, and closes once the last of them is out. */
final class CallGate {
  private final String what;
  private int inside;
  private boolean closed;

  CallGate(String what) {
    this.what = what;
  }

  /** A call begins; it ends with {@link #leave}. */
  synchronized void enter() {
    if (closed) {
      throw StoreException.unavailable("%s: it is closed", what);
    }
    inside++;
  }

  /** A call that was let in ends. */
  synchronized void leave() {
    inside--;
    notifyAll();
  }

  /** Lets nobody in any more and waits for those inside. */
  synchronized void close() {
    closed = true;
    boolean interrupted = false;
    while (inside > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
