package io.arbalest.bench.data;

import io.arbalest.bench.Home;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what a bench runs on; without any, the WordNet embeddings. */
public final class DataOptions {

  private static final List<String> METRICS = List.of("l2", "cosine", "dot");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--base",
      description = {
        "Rows: .fbin, .hbin or .npy",
        "(default: the WordNet embeddings, in ARBALEST_DATA or ../shared/data)"
      })
  private Path base;

  @Option(names = "--queries", description = "Queries: .fbin, .hbin or .npy")
  private Path queries;

  @Option(names = "--metric", defaultValue = "cosine", description = "l2, cosine or dot")
  private String metric;

  @Option(names = "--k", defaultValue = "10", description = "Results a query (default: 10)")
  private int k;

  private Path wordnetTruth;

  /** Fills in the WordNet set where no file was named, and refuses what cannot be. */
  public void resolve() {
    if (base == null && queries == null) {
      Path data =
          Home.wordnet()
              .orElseThrow(
                  () ->
                      wrong(
                          "name --base and --queries: the WordNet set is not in ARBALEST_DATA or"
                              + " ../shared/data"));
      base = data.resolve("base.hbin");
      queries = data.resolve("dev.hbin");
      wordnetTruth = data.resolve("dev.truth.ibin");
    }
    if (base == null || queries == null) {
      throw wrong("--base and --queries go together");
    }
    if (!METRICS.contains(metric)) {
      throw wrong("--metric: " + metric + "; allowed: " + String.join(", ", METRICS));
    }
    if (k < 1) {
      throw wrong("--k: " + k + "; allowed: 1 or more");
    }
  }

  public Path base() {
    return base;
  }

  public Path queries() {
    return queries;
  }

  /** The truth that belongs to the data set found by itself; null where files were named. */
  public Path wordnetTruth() {
    return wordnetTruth;
  }

  public String metric() {
    return metric;
  }

  public int k() {
    return k;
  }

  /** How to refuse an argument: the message and the usage of the command at hand. */
  public ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
