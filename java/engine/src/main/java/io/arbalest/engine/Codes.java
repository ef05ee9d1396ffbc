package io.arbalest.engine;

/**
 * A shorter form of the rows that the traversal of the graph reads instead of them. The nearest of
 * what it finds are reranked by the rows themselves, so distances are not touched by it.
 */
public enum Codes {
  /** Traversal reads the rows. */
  NONE("none"),
  /**
   * One byte a component. An index makes these once it has rows enough to fit them to, and does
   * without where they would save nothing or cost recall: {@link IndexStats#codes()} tells.
   */
  SQ8("sq8");

  private final String wireName;

  Codes(String wireName) {
    this.wireName = wireName;
  }

  /** The name in schemas and messages: {@code none}, {@code sq8}. */
  public String wireName() {
    return wireName;
  }

  /**
   * The codes of a wire name.
   *
   * @throws ArbalestException INVALID_ARGUMENT if there is none of that name
   */
  public static Codes fromWireName(String name) {
    for (Codes codes : values()) {
      if (codes.wireName.equals(name)) {
        return codes;
      }
    }
    throw ArbalestException.invalid("codes: found '%s', allowed none, sq8", name);
  }

  /** The value in {@code arbalest.h}. */
  int code() {
    return ordinal();
  }
}
