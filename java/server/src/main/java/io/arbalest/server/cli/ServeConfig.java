package io.arbalest.server.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of {@code serve}, from a file and from the command line, which wins. A file is JSON
 * (one flat object, if its name ends in .json) or Java properties; its keys are the options' names
 * without the dashes. A key nobody knows is an error: a misspelled limit must not be no limit.
 */
final class ServeConfig {
  /** The settings that only a file has. */
  private static final Set<String> FILE_ONLY =
      Set.of(
          "inbound-message-bytes",
          "header-bytes",
          "calls",
          "calls-per-connection",
          "outgoing-batch-bytes",
          "output-buffer-bytes",
          "slow-reader-ms",
          "call-memory-bytes",
          "puts-in-flight",
          "drain-ms",
          "pending-rows-soft",
          "pending-rows-hard",
          "snapshot-wal-bytes",
          "wal-segment-bytes",
          "cache-ttl-ms",
          "shadow-core-share");

  private static final Set<String> OPTIONS =
      Set.of(
          "data",
          "host",
          "port",
          "http-port",
          "sync",
          "log-format",
          "index-threads",
          "kernel-set",
          "cache-bytes",
          "filter-cache-bytes",
          "shadow-share");

  private final Map<String, String> values = new LinkedHashMap<>();

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException naming the file and the key
   */
  void load(Path file) throws IOException {
    Map<String, String> loaded =
        file.toString().toLowerCase(Locale.ROOT).endsWith(".json") ? json(file) : properties(file);
    loaded.forEach(
        (key, value) -> {
          if (!OPTIONS.contains(key) && !FILE_ONLY.contains(key)) {
            Set<String> allowed = new TreeSet<>(OPTIONS);
            allowed.addAll(FILE_ONLY);
            throw new IllegalArgumentException(
                "%s: unknown key '%s', allowed %s"
                    .formatted(file, key, String.join(", ", allowed)));
          }
          values.put(key, value);
        });
  }

  /** Sets a value from the command line; null leaves what the file says. */
  void override(String key, Object value) {
    if (value != null) {
      values.put(key, value.toString());
    }
  }

  /** The value; null if there is none. */
  String text(String key) {
    return values.get(key);
  }

  String text(String key, String otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  long number(String key, long otherwise) {
    String text = values.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + ": found '" + text + "', allowed an integer", e);
    }
  }

  int integer(String key, int otherwise) {
    long value = number(key, otherwise);
    if (value != (int) value) {
      throw new IllegalArgumentException(
          key + ": found " + value + ", allowed at most " + Integer.MAX_VALUE);
    }
    return (int) value;
  }

  double fraction(String key, double otherwise) {
    String text = values.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + ": found '" + text + "', allowed a number", e);
    }
  }

  private static Map<String, String> json(Path file) throws IOException {
    JsonMapper mapper =
        JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();
    JsonNode node;
    try (Reader reader = Files.newBufferedReader(file)) {
      node = mapper.readTree(reader);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(file + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (!node.isObject()) {
      throw new IllegalArgumentException(
          file + ": found " + node.getNodeType() + ", allowed an object");
    }
    Map<String, String> values = new LinkedHashMap<>();
    node.properties()
        .forEach(
            field -> {
              if (!field.getValue().isTextual() && !field.getValue().isNumber()) {
                throw new IllegalArgumentException(
                    "%s: %s: found %s, allowed a string or a number"
                        .formatted(file, field.getKey(), field.getValue()));
              }
              values.put(field.getKey(), field.getValue().asText());
            });
    return values;
  }

  private static Map<String, String> properties(Path file) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (String key : new TreeSet<>(properties.stringPropertyNames())) {
      values.put(key, properties.getProperty(key).strip());
    }
    return values;
  }
}
