package io.arbalest.bench.quickstart;

import io.arbalest.server.cli.CommandProvider;

/** Brings {@code arbalest quickstart}. */
public final class QuickstartCommandProvider implements CommandProvider {

  @Override
  public Object command() {
    return new QuickstartCommand();
  }
}
