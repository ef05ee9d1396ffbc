package io.arbalest.bench;

import io.arbalest.bench.ann.AnnCommand;
import picocli.CommandLine.Command;

/** {@code arbalest bench}: a group of commands, each of which measures one thing. */
@Command(
    name = "bench",
    description = "Benchmarks: kernels, ann (recall against speed, with peers), ingest, flight.",
    subcommands = {
      KernelsCommand.class,
      AnnCommand.class,
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true)
public final class BenchCommand {}
