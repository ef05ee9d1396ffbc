package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;

/** The one place where a C status becomes an exception. */
public final class Errors {
  private Errors() {}

  /**
   * Returns if status is ARB_OK.
   *
   * @throws ArbalestException otherwise, with this thread's message of the C library
   */
  public static void check(int status) {
    if (status != 0) {
      throw new ArbalestException(Status.ofCode(status), Native.arb_last_error());
    }
  }
}
