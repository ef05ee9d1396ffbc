package io.arbalest.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code arbalest bench kernels}: runs the native bench in this process's place in the terminal and
 * passes its exit code on. It is C, so that what is timed is a kernel and not a call from Java.
 */
@Command(
    name = "kernels",
    description = {
      "Time, bandwidth and error of every distance kernel on this machine.",
      "All arguments go to the native bench; --help shows its options."
    })
public final class KernelsCommand implements Callable<Integer> {

  static final Path BINARY = Path.of("build", "native", "bench", "native", "kernels_bench");

  @Spec private CommandSpec spec;

  // Everything is the native bench's, options too: it alone knows them.
  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path binary = Home.directory().resolve(BINARY);
    if (!Files.isExecutable(binary)) {
      spec.commandLine()
          .getErr()
          .println(
              "arbalest: " + binary + " is not there; build it with ./mvnw -DskipTests package");
      return CommandLine.ExitCode.SOFTWARE;
    }
    List<String> command = new ArrayList<>();
    command.add(binary.toString());
    command.addAll(arguments);
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
