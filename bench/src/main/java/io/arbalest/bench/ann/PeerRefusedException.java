package io.arbalest.bench.ann;

/** A peer answers that it failed at one request; it can be asked further ones. */
public final class PeerRefusedException extends PeerFailedException {

  private static final long serialVersionUID = 1L;

  PeerRefusedException(String message) {
    super(message);
  }
}
