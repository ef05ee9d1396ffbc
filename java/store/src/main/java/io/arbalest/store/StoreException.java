package io.arbalest.store;

import io.arbalest.engine.ArbalestException;
import java.util.Objects;

/**
 * What the store refuses or fails at. The message names the thing, the value found and the value
 * allowed; {@link #category()} is what callers react to.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kinds of failure. */
  public enum Category {
    /** The caller's input is wrong; nothing was changed. */
    INVALID_ARGUMENT,
    /** The named dataset, row or column does not exist. */
    NOT_FOUND,
    /** A dataset of that name exists. */
    ALREADY_EXISTS,
    /** A limit is reached: queue, pending rows, memory, disk. Trying again later may succeed. */
    RESOURCE_EXHAUSTED,
    /** The dataset takes no writes any more, or is closed. */
    UNAVAILABLE,
    /** The time allowed for the call is over. */
    DEADLINE_EXCEEDED,
    /** A later version may do this. */
    UNIMPLEMENTED,
    /** A file does not say what its checksum says. */
    CORRUPT,
    /** A fault of the store itself, or of the operating system. */
    INTERNAL
  }

  private final Category category;

  public StoreException(Category category, String message) {
    super(message);
    this.category = Objects.requireNonNull(category);
  }

  public StoreException(Category category, String message, Throwable cause) {
    super(message, cause);
    this.category = Objects.requireNonNull(category);
  }

  /** What kind of failure this is. */
  public Category category() {
    return category;
  }

  /** An INVALID_ARGUMENT; the format names the field, the value found, the value allowed. */
  public static StoreException invalid(String format, Object... args) {
    return new StoreException(Category.INVALID_ARGUMENT, String.format(format, args));
  }

  /** A NOT_FOUND. */
  public static StoreException notFound(String format, Object... args) {
    return new StoreException(Category.NOT_FOUND, String.format(format, args));
  }

  /** A RESOURCE_EXHAUSTED; the format names the limit and its numbers. */
  public static StoreException exhausted(String format, Object... args) {
    return new StoreException(Category.RESOURCE_EXHAUSTED, String.format(format, args));
  }

  /** An UNAVAILABLE. */
  public static StoreException unavailable(String format, Object... args) {
    return new StoreException(Category.UNAVAILABLE, String.format(format, args));
  }

  /** A CORRUPT; the format names the file and the offset. */
  public static StoreException corrupt(String format, Object... args) {
    return new StoreException(Category.CORRUPT, String.format(format, args));
  }

  /** The engine's failure in the store's terms: the one place where one becomes the other. */
  public static StoreException of(ArbalestException failure) {
    Category category =
        switch (failure.status()) {
          case INVALID_ARGUMENT -> Category.INVALID_ARGUMENT;
          case NOT_FOUND -> Category.NOT_FOUND;
          case RESOURCE_EXHAUSTED -> Category.RESOURCE_EXHAUSTED;
          case CORRUPT -> Category.CORRUPT;
          case UNSUPPORTED, IO, INTERNAL -> Category.INTERNAL;
        };
    return new StoreException(category, failure.getMessage(), failure);
  }
}
