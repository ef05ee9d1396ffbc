package io.arbalest.bench;

import io.arbalest.bench.ann.AnnCommand;
import io.arbalest.bench.ann.ExactCommand;
import io.arbalest.bench.filter.FilterCommand;
import io.arbalest.bench.hybrid.HybridCommand;
import io.arbalest.bench.service.CallsCommand;
import io.arbalest.bench.service.FlightCommand;
import io.arbalest.bench.service.IngestCommand;
import io.arbalest.bench.service.JoinCommand;
import picocli.CommandLine.Command;

/** {@code arbalest bench}: a group of commands, each of which measures one thing. */
@Command(
    name = "bench",
    description =
        "Benchmarks: kernels, ann (recall against speed, with peers), exact, filter, hybrid,"
            + " join, ingest, flight, calls.",
    subcommands = {
      KernelsCommand.class,
      AnnCommand.class,
      ExactCommand.class,
      FilterCommand.class,
      HybridCommand.class,
      IngestCommand.class,
      JoinCommand.class,
      FlightCommand.class,
      CallsCommand.class,
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true)
public final class BenchCommand {}
