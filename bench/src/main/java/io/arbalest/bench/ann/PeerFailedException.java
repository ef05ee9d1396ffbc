package io.arbalest.bench.ann;

import java.io.IOException;

/**
 * A peer cannot go on. The run goes on without it: what another library lacks is not our failure.
 */
public class PeerFailedException extends IOException {

  private static final long serialVersionUID = 1L;

  PeerFailedException(String message) {
    super(message);
  }

  PeerFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
