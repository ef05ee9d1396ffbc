package io.arbalest.store.shard;

/** Waiting for threads. */
final class Threads {
  private Threads() {}

  /** Waits for a thread's end; an interruption meanwhile is kept for later. */
  static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
