package io.arbalest.server;

import io.arbalest.server.cli.ArbalestCommand;

/** The entry point of {@code arbalest}. Exit codes: 0 done, 1 failed, 2 used wrongly. */
public final class Main {
  private Main() {}

  /** Runs one command and ends the process. */
  public static void main(String[] args) {
    System.exit(ArbalestCommand.run(args));
  }
}
