package io.arbalest.store.filter;

import java.util.HashMap;
import java.util.Map;

/** One instance of each text that occurs often enough to be met early. Of the writing thread. */
final class TextPool {
  private static final int TEXTS_MAX = 8192;
  private static final int TEXT_BYTES = 112; // its entry, and the object without its characters

  private final Map<String, String> texts = new HashMap<>();
  private volatile long bytes;

  String shared(String text) {
    String before = texts.get(text);
    if (before != null) {
      return before;
    }
    if (texts.size() < TEXTS_MAX) {
      texts.put(text, text);
      bytes = bytes + TEXT_BYTES + text.length(); // one thread writes
    }
    return text;
  }

  /** Bytes of memory, estimated. */
  long bytes() {
    return bytes;
  }
}
