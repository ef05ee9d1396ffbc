package io.arbalest.store.log;

/** What a record holds. The codes are part of the file format. */
public enum RecordType {
  /** An Arrow record batch of rows in the dataset's own schema. */
  PUT(1),
  /** An Arrow record batch of one column, the ids to delete. */
  DELETE(2);

  private final int code;

  RecordType(int code) {
    this.code = code;
  }

  /** The byte in the file. */
  int code() {
    return code;
  }

  /** The type of a byte in a file; null if it is none. */
  static RecordType ofCode(int code) {
    for (RecordType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    return null;
  }
}
