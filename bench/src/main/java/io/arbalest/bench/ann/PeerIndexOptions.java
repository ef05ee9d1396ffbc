package io.arbalest.bench.ann;

import io.arbalest.bench.ann.PeerProcess.PeerData;
import io.arbalest.bench.data.DataOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/**
 * How peers come to their indexes where a bench is not about builds: with the links that a dataset
 * has by default, and out of a directory where an earlier run has left them.
 */
public final class PeerIndexOptions {
  private static final int M = 16;
  private static final int EF_CONSTRUCTION = 200;

  @Option(
      names = "--build-threads",
      defaultValue = "2",
      description = "Threads that build the peers' indexes (default: ${DEFAULT-VALUE})")
  private int threads;

  @Option(
      names = "--keep-peers",
      paramLabel = "DIR",
      description = "Keeps the peers' indexes there, as --keep of bench ann (default: not kept)")
  private Path directory;

  /** Refuses what cannot be. */
  public void check(DataOptions data) {
    if (threads < 1) {
      throw data.wrong("--build-threads: " + threads + "; allowed: 1 or more");
    }
  }

  /** Threads of a build. */
  public int threads() {
    return threads;
  }

  /**
   * What the peers are given.
   *
   * @param queries a file that {@code bench ann} takes
   */
  public PeerData files(DataOptions data, Path queries) {
    return new PeerData(
        data.base().toAbsolutePath(), queries.toAbsolutePath(), data.metric(), M, EF_CONSTRUCTION);
  }

  /**
   * Where the indexes of these files are kept; null where nothing is.
   *
   * @param rows of the base
   * @param dimension of its rows
   */
  public KeptIndexes kept(PeerData files, int rows, int dimension) {
    return directory == null ? null : new KeptIndexes(directory, files, rows, dimension);
  }
}
