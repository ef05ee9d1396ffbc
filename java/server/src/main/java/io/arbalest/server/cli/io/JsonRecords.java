package io.arbalest.server.cli.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One JSON object a line. */
final class JsonRecords implements Records {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path path;
  private final BufferedReader reader;
  private long line;

  JsonRecords(Path path) throws IOException {
    this.path = path;
    this.reader = Files.newBufferedReader(path);
  }

  @Override
  public Map<String, Cell> next() throws IOException {
    String text;
    do {
      text = reader.readLine();
      line++;
    } while (text != null && text.isBlank());
    return text == null ? null : parse(text);
  }

  @Override
  public long line() {
    return line;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private Map<String, Cell> parse(String text) throws IOException {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException(path + ":" + line + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (!node.isObject()) {
      throw new IOException(
          path + ":" + line + ": found " + node.getNodeType() + ", allowed an object");
    }
    Map<String, Cell> record = new LinkedHashMap<>();
    node.properties().forEach(e -> record.put(e.getKey(), new Cell(e.getValue(), null)));
    return record;
  }
}
