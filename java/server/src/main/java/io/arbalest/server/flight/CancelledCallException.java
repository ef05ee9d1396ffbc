package io.arbalest.server.flight;

/** The client went away; there is nobody to answer. */
final class CancelledCallException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CancelledCallException() {
    super("cancelled by the client");
  }
}
