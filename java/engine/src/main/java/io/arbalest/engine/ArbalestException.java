package io.arbalest.engine;

/**
 * What the engine refuses or fails at. The message names the field, the value found and the value
 * allowed; {@link #status()} tells callers apart what they can react to.
 */
public final class ArbalestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kinds of failure, as {@code arb_status} has them. */
  public enum Status {
    /** An argument is outside what the call allows; nothing was changed. */
    INVALID_ARGUMENT,
    /** The named thing does not exist. */
    NOT_FOUND,
    /** A limit of the index, or no memory. */
    RESOURCE_EXHAUSTED,
    /** The operating system failed a file operation. */
    IO,
    /** A file does not say what its checksum says. */
    CORRUPT,
    /** The CPU lacks what the kernel set requires, or a file is of another version. */
    UNSUPPORTED,
    /** A fault of the engine itself. */
    INTERNAL;

    /**
     * The status of a C return code.
     *
     * @param code {@code arb_status}, 1..7
     */
    public static Status ofCode(int code) {
      return code >= 1 && code <= values().length ? values()[code - 1] : INTERNAL;
    }
  }

  private final Status status;

  public ArbalestException(Status status, String message) {
    super(message);
    this.status = status;
  }

  public ArbalestException(Status status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** What kind of failure this is. */
  public Status status() {
    return status;
  }

  /** An INVALID_ARGUMENT; the format should name the field, the value found, the value allowed. */
  public static ArbalestException invalid(String format, Object... args) {
    return new ArbalestException(Status.INVALID_ARGUMENT, String.format(format, args));
  }
}
