package io.arbalest.store;

/** The form in which vectors are returned. */
public enum VectorsAs {
  /** {@code struct<scale: float32, offset: float32, codes: fixed_size_list<uint8>[d]>}. */
  SQ8("sq8"),
  /** No {@code vector} column. */
  NONE("none"),
  /**
   * {@code fixed_size_list<halffloat>[d]}; of a float32 dataset, values above 65,504 are infinite.
   */
  FLOAT16("float16"),
  /** {@code fixed_size_list<float>[d]}. */
  FLOAT32("float32");

  private final String wireName;

  VectorsAs(String wireName) {
    this.wireName = wireName;
  }

  /** The name in requests. */
  public String wireName() {
    return wireName;
  }

  /** The form of a wire name. */
  public static VectorsAs fromWireName(String name) {
    for (VectorsAs form : values()) {
      if (form.wireName.equals(name)) {
        return form;
      }
    }
    throw StoreException.invalid(
        "vectors_as: found '%s', allowed sq8, none, float16, float32", name);
  }
}
