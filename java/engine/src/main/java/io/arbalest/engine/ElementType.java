package io.arbalest.engine;

/** How a stored component is kept. Vectors of every input type are cast to it when they arrive. */
public enum ElementType {
  /** IEEE 754 half precision: 2 bytes a component, |component| up to 65,504. */
  FLOAT16("float16", 2),
  /** IEEE 754 single precision: 4 bytes a component. */
  FLOAT32("float32", 4);

  private final String wireName;
  private final int bytes;

  ElementType(String wireName, int bytes) {
    this.wireName = wireName;
    this.bytes = bytes;
  }

  /** The name in schemas, files and messages: {@code float16}, {@code float32}. */
  public String wireName() {
    return wireName;
  }

  /** Bytes a component. */
  public int bytes() {
    return bytes;
  }

  /**
   * The element type of a wire name.
   *
   * @throws ArbalestException INVALID_ARGUMENT if there is none of that name
   */
  public static ElementType fromWireName(String name) {
    for (ElementType element : values()) {
      if (element.wireName.equals(name)) {
        return element;
      }
    }
    throw ArbalestException.invalid("element: found '%s', allowed float16, float32", name);
  }

  /** The value of {@code arb_element}. */
  int code() {
    return ordinal();
  }
}
