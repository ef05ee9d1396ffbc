package io.arbalest.store.disk;

import java.io.IOException;

/** There is no room on the disk. The same write may succeed when there is. */
public final class DiskFullException extends IOException {
  private static final long serialVersionUID = 1L;

  public DiskFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
