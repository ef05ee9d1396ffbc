package io.arbalest.bench.service;

import io.arbalest.engine.SearchOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.server.cli.io.VectorColumns;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code arbalest bench calls}: what a call through Java costs beside the search itself, and what
 * that leaves of the library's rate.
 *
 * <p>The cost is taken on an index of one row: there is next to nothing to search, so a call's time
 * is that of JNI, the Arrow structs and the objects of the answer. The best of many rounds counts,
 * which a busy machine disturbs least; recall is 1 by construction, the row searched for being the
 * only one. {@link CallRates} measures the rate, on all rows; {@link CacheCalls} what the store's
 * cache of answers saves.
 */
@Command(
    name = "calls",
    sortOptions = false,
    description = "What a call through Java costs, and what it leaves of the library's rate.",
    mixinStandardHelpOptions = true)
public final class CallsCommand implements Callable<Integer> {
  private static final int CALLS_A_ROUND = 500;

  /** The JVM compiles the last of a call's code after some 100,000 of them. */
  private static final int ROUNDS = 400;

  @Mixin private ServiceOptions options;

  @Override
  public Integer call() throws IOException, InterruptedException {
    options.check();
    try (ServiceData data =
        new ServiceData(options.data, options.rows, options.batch, options.batch)) {
      ServiceReport report = new ServiceReport(options.parameters(data));
      measureCosts(report, data.queries()[0]);
      int threads = Math.min(2, Runtime.getRuntime().availableProcessors());
      SearchOptions search = SearchOptions.k(options.data.k()).ef(options.ef);
      try (VectorIndex index = data.buildIndex(threads);
          CallRates rates = new CallRates(index, search, data)) {
        index.freeze();
        List<ServiceRow> rows = rates.measure();
        rows.forEach(report::add);
        double recall = rows.get(0).recall();
        new CacheCalls(data, options.data.k(), options.ef).measure(recall).forEach(report::add);
      }
      report.print(System.out);
      report.write(options.json, options.markdown);
    }
    return 0;
  }

  private void measureCosts(ServiceReport report, float[] query) {
    float[][] row = {query};
    SearchOptions search = SearchOptions.k(options.data.k());
    try (BufferAllocator allocator = new RootAllocator();
        VectorIndex index = VectorIndex.builder(query.length).build();
        FixedSizeListVector queries = VectorColumns.of(row, 0, 1, allocator)) {
      index.add(new long[] {1}, row);
      report.add(cost("one row, search(float[])", () -> index.search(query, search)).withRecall(1));
      report.add(
          cost(
                  "one row, search(Arrow batch of 1)",
                  () -> index.search(queries, search, allocator).close())
              .withRecall(1));
      report.add(cost("one row, delete(long...)", () -> index.delete(99)));
      report.add(cost("one row, stats()", index::stats));
    }
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
