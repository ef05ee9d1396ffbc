package io.arbalest.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.arrow.memory.ArrowBuf;

/** JSON in and out of Flight's byte fields. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Keeps a number as it is written, and takes nothing behind the value. */
  private static final ObjectReader CALLERS =
      MAPPER
          .reader()
          .with(
              DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree that cannot be written", e);
    }
  }

  /** What a caller wrote; the message names it. */
  static JsonNode parse(String what, String text) {
    try {
      return CALLERS.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          what + ": found '" + text + "', allowed JSON: " + e.getOriginalMessage(), e);
    }
  }

  static JsonNode parse(byte[] bytes) {
    try {
      return MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("the server's answer is not JSON", e);
    }
  }

  /** Reads the buffer, which stays its owner's. */
  static JsonNode parse(ArrowBuf buffer) {
    byte[] bytes = new byte[Math.toIntExact(buffer.readableBytes())];
    buffer.getBytes(buffer.readerIndex(), bytes);
    return parse(bytes);
  }
}
