package io.arbalest.bench.ann;

import io.arbalest.bench.report.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/**
 * More threads against the fewest, at equal recall and for each contender by itself. The speeds of
 * a ratio are of one repeat, in which the turns of a breadth followed each other directly.
 */
final class ThreadGains {

  private final Arena arena;
  private final Arena.Plan plan;
  private final List<String> contenders;

  /**
   * @param contenders by {@link Contender#name}
   */
  ThreadGains(Arena arena, Arena.Plan plan, List<String> contenders) {
    this.arena = arena;
    this.plan = plan;
    this.contenders = contenders;
  }

  /** Every contender at every recall and every number of threads but the fewest. */
  List<AnnThreadGain> all() {
    List<AnnThreadGain> all = new ArrayList<>();
    int fewest = Collections.min(plan.threads());
    for (int threads : plan.threads()) {
      if (threads == fewest) {
        continue;
      }
      for (String contender : contenders) {
        for (double recall : Standings.RECALLS) {
          all.add(gain(contender, threads, fewest, recall));
        }
      }
    }
    return all;
  }

  private AnnThreadGain gain(String contender, int threads, int fewest, double recall) {
    List<Double> ratios = new ArrayList<>();
    boolean floor = false;
    for (int repeat = 0; repeat < plan.repeats(); repeat++) {
      Curve more = arena.curve(contender, threads, repeat);
      Curve fewer = arena.curve(contender, fewest, repeat);
      OptionalDouble speed = more.qpsAt(recall);
      OptionalDouble base = fewer.qpsAt(recall);
      if (speed.isPresent() && base.isPresent()) {
        ratios.add(speed.getAsDouble() / base.getAsDouble());
        floor |= !more.brackets(recall) || !fewer.brackets(recall);
      }
    }
    Spread ratio = Spread.of(ratios, plan.repeats());
    int slash = contender.indexOf('/');
    return new AnnThreadGain(
        contender.substring(0, slash),
        contender.substring(slash + 1),
        threads,
        fewest,
        recall,
        floor,
        ratio == null ? null : (Double) ratio.median(),
        ratio == null ? null : (Double) ratio.min(),
        ratio == null ? null : (Double) ratio.max());
  }

  /** A row a contender and number of threads; medians of the repeats, with their range. */
  Table table() {
    List<String> head = new ArrayList<>(List.of("contender", "threads"));
    for (double recall : Standings.RECALLS) {
      head.add("QPS ratio at %.2f".formatted(recall));
    }
    Table table = new Table(head);
    List<String> row = new ArrayList<>();
    for (AnnThreadGain gain : all()) {
      if (row.isEmpty()) {
        row.add(gain.system() + "/" + gain.variant());
        row.add(gain.threads() + " against " + gain.fewerThreads());
      }
      row.add(Spread.text("%.2f", gain.ratio(), gain.ratioMin(), gain.ratioMax(), plan.repeats()));
      if (row.size() == head.size()) {
        table.add(List.copyOf(row));
        row.clear();
      }
    }
    return table;
  }
}
