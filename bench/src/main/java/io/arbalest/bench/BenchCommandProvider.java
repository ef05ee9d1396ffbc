package io.arbalest.bench;

import io.arbalest.server.cli.CommandProvider;

/** Brings {@code arbalest bench}. */
public final class BenchCommandProvider implements CommandProvider {

  @Override
  public Object command() {
    return new BenchCommand();
  }
}
