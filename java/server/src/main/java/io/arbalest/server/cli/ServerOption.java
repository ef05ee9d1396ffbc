package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where the server is: an option of every client command. */
final class ServerOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--server",
      paramLabel = "URI",
      defaultValue = "grpc://127.0.0.1:8815",
      description = "The server, grpc://HOST[:PORT]. Default: ${DEFAULT-VALUE}")
  private String server;

  /** Connects. Close the client. */
  ArbalestClient connect() {
    try {
      return ArbalestClient.connect(server);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--server: " + e.getMessage(), e);
    }
  }
}
