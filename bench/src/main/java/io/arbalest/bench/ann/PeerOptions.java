package io.arbalest.bench.ann;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that say which libraries a bench runs beside, and what starts those in Java. */
public final class PeerOptions {

  @Option(
      names = "--peers",
      split = ",",
      description = {
        "Libraries to run beside, one variant such as faiss/sq8, or all, as bench/README.md lists",
        "them (default: none)"
      })
  private List<String> named = List.of();

  @Option(
      names = "--peer-java",
      description = {
        "Java for JVector, whose vector module needs 20 or newer, and for Lucene, which needs 21"
            + " (default: this one)"
      })
  private Path java = Path.of(System.getProperty("java.home"), "bin", "java");

  /** What was named, for {@link Peers#expand}. */
  public List<String> named() {
    return named;
  }

  /** The java command of the peers. */
  public Path java() {
    return java;
  }
}
