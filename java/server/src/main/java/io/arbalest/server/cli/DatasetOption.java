package io.arbalest.server.cli;

import picocli.CommandLine.Option;

/** Which dataset: an option of most client commands. */
final class DatasetOption {
  @Option(names = "--dataset", paramLabel = "NAME", required = true, description = "The dataset.")
  private String name;

  String name() {
    return name;
  }
}
