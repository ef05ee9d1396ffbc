package io.arbalest.store;

import org.apache.arrow.vector.types.pojo.ArrowType;

/** The type of a dataset's ids. */
public enum IdType {
  INT64("int64", new ArrowType.Int(64, true)),
  UTF8("utf8", ArrowType.Utf8.INSTANCE);

  private final String wireName;
  private final ArrowType arrowType;

  IdType(String wireName, ArrowType arrowType) {
    this.wireName = wireName;
    this.arrowType = arrowType;
  }

  /** The name in files and messages: {@code int64}, {@code utf8}. */
  public String wireName() {
    return wireName;
  }

  /** The type of the {@code id} column. */
  public ArrowType arrowType() {
    return arrowType;
  }

  /** The id type of a wire name. */
  public static IdType fromWireName(String name) {
    for (IdType type : values()) {
      if (type.wireName.equals(name)) {
        return type;
      }
    }
    throw StoreException.invalid("id type: found '%s', allowed int64, utf8", name);
  }
}
