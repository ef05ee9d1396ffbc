package io.arbalest.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code arbalest bench kernels}: runs the native bench in this process's place in the terminal and
 * passes its exit code on. It is C, so that what is timed is a kernel and not a call from Java.
 */
@Command(
    name = "kernels",
    description = {
      "Time, bandwidth and error of every kernel on this machine, from L1, L2 and memory.",
      "All arguments but --peers go to the native bench; --help shows its options.",
      "--peers simsimd,numkong stands them beside libraries of others, from PyPI."
    })
public final class KernelsCommand implements Callable<Integer> {

  static final Path BINARY = Path.of("build", "native", "bench", "native", "kernels_bench");

  private static final List<String> PEERS = List.of("simsimd", "numkong");

  @Spec private CommandSpec spec;

  // A peer that cannot be had is told with the reason, and the rest go on.
  @Option(names = "--peers", split = ",", paramLabel = "NAME")
  private List<String> peers = List.of();

  // Everything else is the native bench's, options too: it alone knows them.
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
    for (String peer : peers) {
      try {
        command.addAll(peerArguments(peer));
      } catch (IOException e) {
        spec.commandLine().getErr().println("SKIPPED " + peer + ": " + e.getMessage());
      }
    }
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /** Installs the package and finds its shared object and the Python library that it needs. */
  private static List<String> peerArguments(String peer) throws IOException, InterruptedException {
    if (!PEERS.contains(peer)) {
      throw new IOException("no such peer; allowed: " + String.join(", ", PEERS));
    }
    Path scratch = Files.createDirectories(Home.scratch());
    Path python = new PythonEnvironment(scratch).install(peer);
    String script = PythonEnvironment.sources().resolve("kernel_library.py").toString();
    Process finder =
        new ProcessBuilder(python.toString(), script, peer)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> lines =
        new String(finder.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    if (finder.waitFor() != 0 || lines.size() < 2) {
      throw new IOException(script + " found no shared object");
    }
    if (lines.get(1).isEmpty()) {
      throw new IOException("this Python has no shared library, whose symbols " + peer + " needs");
    }
    return List.of("--preload", lines.get(1), "--peer", peer + "=" + lines.get(0));
  }
}
