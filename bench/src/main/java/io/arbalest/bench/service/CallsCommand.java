package io.arbalest.bench.service;

import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code arbalest bench calls}: what a call through Java costs beside the search itself. On an
 * index of one row there is next to nothing to search, so a call's time is that of JNI, the Arrow
 * structs and the objects of the answer. The best of many rounds counts, which a busy machine
 * disturbs least; recall is 1 by construction, the row searched for being the only one.
 */
@Command(
    name = "calls",
    description = "What a call through Java costs beside the search itself, in microseconds.",
    mixinStandardHelpOptions = true)
public final class CallsCommand implements Callable<Integer> {
  private static final int ROUNDS = 60;
  private static final int CALLS_A_ROUND = 500;

  @Option(names = "--dim", description = "Components of the one row.", defaultValue = "384")
  private int dimension;

  @Option(names = "--json", description = "Write the figures to a file.")
  private Path json;

  @Override
  public Integer call() throws IOException {
    ServiceReport report = new ServiceReport(Map.of("dim", dimension, "rows", 1, "k", 10));
    float[][] row = {new float[dimension]};
    row[0][0] = 1;
    SearchOptions options = SearchOptions.k(10);
    try (BufferAllocator allocator = new RootAllocator();
        VectorIndex index = VectorIndex.builder(dimension).build();
        FixedSizeListVector queries = VectorColumns.of(row, 0, 1, allocator)) {
      index.add(new long[] {1}, row);
      report.add(cost("search(float[])", () -> index.search(row[0], options)).withRecall(1));
      report.add(
          cost("search(Arrow batch of 1)", () -> index.search(queries, options, allocator).close())
              .withRecall(1));
      report.add(cost("delete(long...)", () -> index.delete(99)));
      report.add(cost("stats()", index::stats));
    }
    report.print(System.out);
    report.write(json, null);
    return 0;
  }

  private static ServiceRow cost(String name, Runnable call) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < CALLS_A_ROUND; i++) {
        call.run();
      }
      best = Math.min(best, (System.nanoTime() - start) / 1e3 / CALLS_A_ROUND);
    }
    return ServiceRow.of(name, "us", best);
  }
}
