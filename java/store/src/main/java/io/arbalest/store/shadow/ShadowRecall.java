package io.arbalest.store.shadow;

import io.arbalest.store.ShadowStatus;
import io.arbalest.store.ShadowStatus.StrategyRecall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** The recall seen in one dataset, by strategy. Thread-safe. */
public final class ShadowRecall {
  private static final class Sum {
    private long samples;
    private double recall;
  }

  private final Map<String, Sum> sums = new TreeMap<>();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder changed = new LongAdder();

  synchronized void add(String strategy, double recall) {
    Sum sum = sums.computeIfAbsent(strategy, name -> new Sum());
    sum.samples++;
    sum.recall += recall;
  }

  /** A sample finds no room. */
  void drop() {
    dropped.increment();
  }

  /** The dataset was written since the sample was taken: there is no telling what was right. */
  void outdate() {
    changed.increment();
  }

  /** Its figures. */
  public synchronized ShadowStatus status() {
    List<StrategyRecall> strategies = new ArrayList<>();
    sums.forEach(
        (name, sum) ->
            strategies.add(
                new StrategyRecall(name, sum.samples, sum.recall, sum.recall / sum.samples)));
    return new ShadowStatus(List.copyOf(strategies), dropped.sum(), changed.sum());
  }
}
