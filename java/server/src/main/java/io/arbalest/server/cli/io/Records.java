package io.arbalest.server.cli.io;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/** A text file as records: one after the other, each a cell a column. */
interface Records extends Closeable {
  /** The next record by column name; null at the end. */
  Map<String, Cell> next() throws IOException;

  /** Line of the record read last, counted from 1: where its text begins. */
  long line();

  /**
   * One value.
   *
   * @param value as JSON has it, or as the text looks like
   * @param text as the file has it; null where the file has JSON
   */
  record Cell(JsonNode value, String text) {}
}
