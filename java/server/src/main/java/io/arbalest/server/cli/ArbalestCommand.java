package io.arbalest.server.cli;

import io.arbalest.server.cli.Logging.Format;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.util.ServiceLoader;
import org.apache.arrow.flight.FlightRuntimeException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;

/** {@code arbalest}: the commands, and what people see of a failure: one line. */
@Command(
    name = "arbalest",
    description = "A vector store: vectors in and out as Arrow, found by hand-written assembly.",
    subcommands = {
      ServeCommand.class,
      PutCommand.class,
      SearchCommand.class,
      ScanCommand.class,
      KnnJoinCommand.class,
      DedupCommand.class,
      DatasetsCommand.class,
      AddColumnsCommand.class,
      DeleteCommand.class,
      StatusCommand.class,
      CpuCommand.class,
      CommandLine.HelpCommand.class,
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    version = "arbalest 0.1.0")
public final class ArbalestCommand {
  /** What {@code -Darbalest.stackTraces=true} shows below a failure's line. */
  private static final String STACK_TRACES = "arbalest.stackTraces";

  /**
   * Runs a command.
   *
   * @return 0 done, 1 failed, 2 used wrongly
   */
  public static int run(String... args) {
    Logging.configure(Format.CONSOLE, false);
    return commandLine().execute(args);
  }

  /** Runs a command that prints into these writers, and leaves logging as it is. */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    return commandLine().setOut(out).setErr(err).execute(args);
  }

  private static CommandLine commandLine() {
    CommandLine line = new CommandLine(new ArbalestCommand());
    for (CommandProvider provider : ServiceLoader.load(CommandProvider.class)) {
      line.addSubcommand(provider.command());
    }
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
    line.setParameterExceptionHandler((wrong, arguments) -> misused(wrong));
    return line;
  }

  private static int failed(Exception failure, CommandLine command) {
    command.getErr().println("arbalest: " + oneLine(failure));
    if (Boolean.getBoolean(STACK_TRACES)) {
      failure.printStackTrace(command.getErr());
    }
    return ExitCode.SOFTWARE;
  }

  private static int misused(ParameterException wrong) {
    CommandLine command = wrong.getCommandLine();
    command
        .getErr()
        .println(
            "arbalest: %s; see %s --help"
                .formatted(
                    flat(wrong.getMessage()).replaceFirst("^Error: ", ""),
                    command.getCommandSpec().qualifiedName(" ")));
    return ExitCode.USAGE;
  }

  private static String oneLine(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof FlightRuntimeException flight) {
      return flight.status().code() + ": " + flat(flight.status().description()) + cause(flight);
    }
    if (failure instanceof NoSuchFileException) {
      return message + ": no such file";
    }
    return message == null ? failure.getClass().getSimpleName() : flat(message);
  }

  /** What the transport ran into, such as a refused connection: its status does not say. */
  private static String cause(FlightRuntimeException failure) {
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return deepest instanceof IOException ? " (" + flat(deepest.getMessage()) + ")" : "";
  }

  private static String flat(String message) {
    return message == null ? "no message" : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
