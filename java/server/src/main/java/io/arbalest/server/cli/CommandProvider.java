package io.arbalest.server.cli;

/**
 * A subcommand of {@code arbalest} that another module brings, found by {@link
 * java.util.ServiceLoader}: so the server does not depend on the benches, and a class path without
 * them still has every command of the product.
 */
public interface CommandProvider {

  /**
   * A new picocli command object: its class carries {@code @Command} with the subcommand's name.
   */
  Object command();
}
