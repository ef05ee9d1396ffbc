package io.arbalest.bench.ann;

import io.arbalest.bench.data.Recall;
import io.arbalest.bench.data.TruthFile;
import io.arbalest.bench.report.Median;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * One interleaved run: for each breadth and repeat, every contender takes its turn before the first
 * one comes again. What slows the machine for a while then slows them all, and ratios of one repeat
 * are ratios of one moment. In its turn a contender searches with each number of threads, one right
 * after the other. Every repeat another contender begins, and another number of threads.
 */
final class Arena {

  /**
   * What is asked of every contender.
   *
   * @param threads numbers of threads to search with
   * @param buildThreads numbers of threads to build with; the searches are of the smallest's index
   */
  record Plan(
      List<Integer> threads,
      List<Integer> buildThreads,
      List<Integer> efs,
      int k,
      int repeats,
      double secondsMin) {}

  private final Plan plan;
  private final TruthFile truth;
  private final Consumer<String> progress;
  private final List<AnnBuild> builds = new ArrayList<>();
  private final List<Sample> samples = new ArrayList<>();
  private final Map<String, String> failed = new LinkedHashMap<>();

  /** One turn. */
  private record Sample(
      String system,
      String variant,
      int threads,
      int ef,
      int repeat,
      double recall,
      double qps,
      Double p50Us,
      Double p99Us,
      Double distances) {

    String contender() {
      return system + "/" + variant;
    }
  }

  /**
   * @param progress is told a line for every build and every breadth
   */
  Arena(Plan plan, TruthFile truth, Consumer<String> progress) {
    this.plan = plan;
    this.truth = truth;
    this.progress = progress;
  }

  /** Builds and searches; {@code contenders} come out with an index built by the fewest threads. */
  void run(List<Contender> contenders) throws IOException, InterruptedException {
    List<Contender> active = new ArrayList<>(contenders);
    List<Integer> byThreads = new ArrayList<>(plan.buildThreads());
    byThreads.sort(Comparator.reverseOrder());
    for (int threads : byThreads) {
      turns(active, contender -> build(contender, threads));
    }
    List<Integer> counts = new ArrayList<>(plan.threads());
    for (int ef : plan.efs()) {
      for (int repeat = 0; repeat < plan.repeats(); repeat++) {
        int now = repeat;
        Collections.rotate(active, -1);
        turns(
            active,
            contender -> {
              for (int threads : counts) {
                search(contender, threads, ef, now);
              }
            });
        Collections.rotate(counts, -1);
      }
      progress.accept("searched ef %4d on %s thread(s)".formatted(ef, plan.threads()));
    }
  }

  /** What a contender does when it is its turn. */
  @FunctionalInterface
  private interface Turn {
    void take(Contender contender) throws IOException, InterruptedException;
  }

  /** Everybody's turn; a peer that fails is left out from here on, with what it had measured. */
  private void turns(List<Contender> active, Turn turn) throws IOException, InterruptedException {
    for (Contender contender : List.copyOf(active)) {
      try {
        turn.take(contender);
      } catch (PeerFailedException e) {
        String name = contender.name();
        active.remove(contender);
        builds.removeIf(build -> build.contender().equals(name));
        samples.removeIf(sample -> sample.contender().equals(name));
        failed.put(name, e.getMessage());
        progress.accept("left out: " + name + ": " + e.getMessage());
      }
    }
  }

  private void build(Contender contender, int threads) throws IOException, InterruptedException {
    Contender.Build built = contender.build(threads);
    builds.add(AnnBuild.of(contender, threads, built));
    progress.accept(
        "%-6s %-28s %d thread(s) %8.2f s %8.1f MiB, %8.1f resident"
            .formatted(
                built.kept() == null ? "built" : "loaded",
                contender.name(),
                threads,
                built.seconds(),
                built.bytes() / 1048576.0,
                built.residentBytes() / 1048576.0));
  }

  private void search(Contender contender, int threads, int ef, int repeat)
      throws IOException, InterruptedException {
    Contender.Run run = contender.search(ef, plan.k(), threads, plan.secondsMin());
    samples.add(
        new Sample(
            contender.system(),
            contender.variant(),
            threads,
            ef,
            repeat,
            Recall.at(plan.k(), run.answers(), truth),
            run.qps(),
            run.p50Us(),
            run.p99Us(),
            run.distances()));
  }

  /** Contenders that failed on the way, and why. */
  Map<String, String> failed() {
    return Map.copyOf(failed);
  }

  /** Every build, in the order they were made. */
  List<AnnBuild> builds() {
    return List.copyOf(builds);
  }

  /** Medians over the repeats, by contender, threads and ef. */
  List<AnnRow> rows() {
    Map<List<Object>, List<Sample>> groups = new LinkedHashMap<>();
    for (Sample sample : samples) {
      groups
          .computeIfAbsent(
              List.of(sample.contender(), sample.threads(), sample.ef()), key -> new ArrayList<>())
          .add(sample);
    }
    List<AnnRow> rows = new ArrayList<>();
    for (List<Sample> group : groups.values()) {
      Sample one = group.get(0);
      double[] qps = group.stream().mapToDouble(Sample::qps).sorted().toArray();
      rows.add(
          new AnnRow(
              one.system(),
              one.variant(),
              one.threads(),
              one.ef(),
              Median.of(group.stream().mapToDouble(Sample::recall).toArray()),
              Median.of(qps),
              median(group.stream().map(Sample::p50Us).toList()),
              median(group.stream().map(Sample::p99Us).toList()),
              qps[0],
              qps[qps.length - 1],
              one.distances()));
    }
    rows.sort(
        Comparator.comparing(AnnRow::contender)
            .thenComparingInt(AnnRow::threads)
            .thenComparingInt(AnnRow::ef));
    return rows;
  }

  /** One contender's speed against recall in one repeat. */
  Curve curve(String contender, int threads, int repeat) {
    return new Curve(
        samples.stream()
            .filter(s -> s.contender().equals(contender))
            .filter(s -> s.threads() == threads && s.repeat() == repeat)
            .map(s -> new Curve.Point(s.recall(), s.qps()))
            .toList());
  }

  /** Null where one is. */
  private static Double median(List<Double> values) {
    return values.stream().anyMatch(Objects::isNull)
        ? null
        : (Double) Median.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
