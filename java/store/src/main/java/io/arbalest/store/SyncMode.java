package io.arbalest.store;

/**
 * When the write-ahead log reaches the disk.
 *
 * @param intervalMillis 0: before every acknowledgement; else at most this many milliseconds after
 *     it
 */
public record SyncMode(int intervalMillis) {
  /** The interval where {@code interval} is asked for without a number, in milliseconds. */
  public static final int INTERVAL_MILLIS_DEFAULT = 100;

  private static final int INTERVAL_MILLIS_MAX = 60_000;

  /** An acknowledged write survives power loss. */
  public static final SyncMode ALWAYS = new SyncMode(0);

  public SyncMode {
    if (intervalMillis < 0 || intervalMillis > INTERVAL_MILLIS_MAX) {
      throw StoreException.invalid(
          "sync interval: found %d ms, allowed 1..%d", intervalMillis, INTERVAL_MILLIS_MAX);
    }
  }

  /** An acknowledged write survives a crash of the process, and power loss after this long. */
  public static SyncMode interval(int millis) {
    if (millis < 1) {
      throw StoreException.invalid(
          "sync interval: found %d ms, allowed 1..%d", millis, INTERVAL_MILLIS_MAX);
    }
    return new SyncMode(millis);
  }

  /** Whether an acknowledged write is on the disk. */
  public boolean isAlways() {
    return intervalMillis == 0;
  }

  /** Reads {@code always}, {@code interval} or {@code interval:250} (milliseconds). */
  public static SyncMode parse(String text) {
    if (text.equals("always")) {
      return ALWAYS;
    }
    if (text.equals("interval")) {
      return interval(INTERVAL_MILLIS_DEFAULT);
    }
    if (text.matches("interval:[0-9]{1,6}")) {
      return interval(Integer.parseInt(text.substring("interval:".length())));
    }
    throw StoreException.invalid(
        "sync: found '%s', allowed always, interval, interval:MILLISECONDS", text);
  }

  @Override
  public String toString() {
    return isAlways() ? "always" : "interval:" + intervalMillis;
  }
}
