package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Ids on a command line, read as the dataset has them. */
final class Ids {
  private final boolean text;

  private Ids(boolean text) {
    this.text = text;
  }

  /** Asks the server which type the dataset's ids are. */
  static Ids of(ArbalestClient client, String dataset) {
    return new Ids(
        client.info(dataset).schema().findField("id").getType() instanceof ArrowType.Utf8);
  }

  boolean areText() {
    return text;
  }

  /** An id of a dataset whose ids are integers. */
  long number(String id) {
    try {
      return Long.parseLong(id);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "id: found '" + id + "', allowed an integer as the dataset's ids are", e);
    }
  }
}
