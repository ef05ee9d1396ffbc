package io.arbalest.server.cli;

import io.arbalest.engine.KernelSet;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code arbalest cpu}: what this CPU has, which kernels are used and why. */
@Command(
    name = "cpu",
    description = "Shows what this CPU has, which kernels are used and why.",
    mixinStandardHelpOptions = true)
final class CpuCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    KernelSet.explain().forEach(out::println);
    out.flush();
    return 0;
  }
}
