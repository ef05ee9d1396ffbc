package io.arbalest.engine;

/** How a frozen graph lies in memory. */
public enum Layout {
  /** Neighbor lists, one behind the other; vectors and codes by row. */
  COMPACT("compact"),
  /** The neighbors' codes beside each list: one stream a node, for several times the memory. */
  FUSED("fused");

  private final String wireName;

  Layout(String wireName) {
    this.wireName = wireName;
  }

  /** The name in schemas and messages: {@code compact}, {@code fused}. */
  public String wireName() {
    return wireName;
  }

  /**
   * The layout of a wire name.
   *
   * @throws ArbalestException INVALID_ARGUMENT if there is none of that name
   */
  public static Layout fromWireName(String name) {
    for (Layout layout : values()) {
      if (layout.wireName.equals(name)) {
        return layout;
      }
    }
    throw ArbalestException.invalid("layout: found '%s', allowed compact, fused", name);
  }

  /** The value in {@code arbalest.h}. */
  int code() {
    return ordinal();
  }
}
