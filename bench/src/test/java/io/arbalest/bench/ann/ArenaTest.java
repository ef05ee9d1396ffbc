package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.bench.data.TruthFile;
import io.arbalest.bench.report.Median;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArenaTest {

  private static final TruthFile TRUTH =
      new TruthFile(new int[][] {{1, 2}, {3, 4}}, new float[][] {{0.1f, 0.2f}, {0.1f, 0.2f}});

  private final List<String> turns = new ArrayList<>();

  /** Twice as fast on two threads, exact from ef = 20 on, and slower by the ef. */
  private class Model implements Contender {
    private final String system;
    private final double speed;

    Model(String system, double speed) {
      this.system = system;
      this.speed = speed;
    }

    @Override
    public String system() {
      return system;
    }

    @Override
    public String variant() {
      return "float32";
    }

    @Override
    public String about() {
      return "version 1";
    }

    @Override
    public Build build(int threads) {
      turns.add("build " + system + " " + threads);
      return new Build(6.0 / threads / speed, 1 << 20, 3 << 20);
    }

    @Override
    public Run search(int ef, int k, int threads, double secondsMin) throws PeerFailedException {
      turns.add("search " + system + " " + threads + " " + ef);
      int[][] answers = ef >= 20 ? new int[][] {{1, 2}, {3, 4}} : new int[][] {{1, 2}, {3, 9}};
      Double p50Us = threads == 1 ? (Double) (double) ef : null;
      Double p99Us = threads == 1 ? (Double) (2.0 * ef) : null;
      return new Run(answers, speed * threads * 1000 / ef, p50Us, p99Us, 10.0 * ef);
    }

    @Override
    public void close() {
      turns.add("close " + system);
    }
  }

  private Arena run(Arena.Plan plan, Contender... contenders)
      throws IOException, InterruptedException {
    Arena arena = new Arena(plan, TRUTH, line -> {});
    arena.run(List.of(contenders));
    return arena;
  }

  @Test
  void letsContendersTakeTurnsWithEveryNumberOfThreadsAndAnotherBeginEachRepeat() throws Exception {
    Arena.Plan plan = new Arena.Plan(List.of(1, 2), List.of(1, 2), List.of(10, 20), 2, 2, 0);
    run(plan, new Model("a", 1), new Model("b", 2));
    assertThat(turns)
        .containsExactly(
            "build a 2",
            "build b 2",
            "build a 1",
            "build b 1",
            "search b 1 10",
            "search b 2 10",
            "search a 1 10",
            "search a 2 10",
            "search a 2 10",
            "search a 1 10",
            "search b 2 10",
            "search b 1 10",
            "search b 1 20",
            "search b 2 20",
            "search a 1 20",
            "search a 2 20",
            "search a 2 20",
            "search a 1 20",
            "search b 2 20",
            "search b 1 20");
  }

  @Test
  void reportsRecallBesideSpeed() throws Exception {
    Arena arena =
        run(new Arena.Plan(List.of(1), List.of(1), List.of(10, 20), 2, 3, 0), new Model("a", 1));
    assertThat(arena.rows())
        .containsExactly(
            new AnnRow("a", "float32", 1, 10, 0.75, 100, 10.0, 20.0, 100, 100, 100.0),
            new AnnRow("a", "float32", 1, 20, 1.0, 50, 20.0, 40.0, 50, 50, 200.0));
    assertThat(arena.builds())
        .containsExactly(new AnnBuild("a", "float32", 1, 6.0, 1 << 20, 3 << 20, false, null, null));
  }

  @Test
  void comparesWithTheReferenceAtEqualRecall() throws Exception {
    Arena.Plan plan = new Arena.Plan(List.of(1), List.of(1), List.of(10, 20), 2, 2, 0);
    Arena arena = run(plan, new Model("hnswlib", 1), new Model("fast", 3));
    Standings standings = new Standings(arena, plan, List.of("fast/float32", "hnswlib/float32"));
    List<String> lines = standings.speed().text().lines().toList();
    // 0.90 lies at 0.6 of the way from recall 0.75 to 1: 300 * 0.5^0.6 and a third of it.
    assertThat(lines.get(1)).contains("fast/float32", "198 (198..198)", "3.00 (3.00..3.00)");
    assertThat(lines.get(2)).contains("hnswlib/float32", "66 (66..66)", "1.00 (1.00..1.00)");
    assertThat(standings.all())
        .filteredOn(one -> one.system().equals("fast") && one.recall() == 0.90)
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.qps()).isCloseTo(300 * Math.pow(0.5, 0.6), within(1e-9));
              assertThat(one.ratio()).isCloseTo(3, within(1e-9));
              assertThat(one.floor()).isFalse();
            });
    assertThat(standings.builds().text()).containsPattern("fast/float32 +1 +2.00 +3.00 +1.0 +3.0");
  }

  @Test
  void comparesTwoThreadsWithOneOfTheSameRepeat() throws Exception {
    // Each search finds the machine a tenth slower than the one before, in the order of the turns:
    // 1, 2, 2, 1 threads at each breadth.
    Contender slowing =
        new Model("slowing", 1) {
          private double machine = 1;

          @Override
          public Run search(int ef, int k, int threads, double secondsMin)
              throws PeerFailedException {
            Run run = super.search(ef, k, threads, secondsMin);
            machine *= 0.9;
            return new Run(run.answers(), run.qps() * machine, null, null, null);
          }
        };
    Arena.Plan plan = new Arena.Plan(List.of(1, 2), List.of(1), List.of(10, 20), 2, 2, 0);
    Arena arena = run(plan, slowing);
    ThreadGains gains = new ThreadGains(arena, plan, List.of("slowing/float32"));
    assertThat(gains.table().text())
        .containsPattern("slowing/float32 +2 against 1 +2.01 \\(1.80..2.22\\) +2.01");
    assertThat(gains.all()).hasSize(Standings.RECALLS.size());
    AnnThreadGain first = gains.all().get(0);
    assertThat(first.ratioMin()).isCloseTo(2 * 0.9, within(1e-9));
    assertThat(first.ratioMax()).isCloseTo(2 / 0.9, within(1e-9));
    assertThat(first.floor()).isFalse();
    assertThat(arena.rows()).extracting(AnnRow::p50Us).containsOnlyNulls();
  }

  @Test
  void gainsNothingWhereARecallWasNotReached() throws Exception {
    Arena.Plan plan = new Arena.Plan(List.of(1, 2), List.of(1), List.of(10), 2, 2, 0);
    Arena arena = run(plan, new Model("a", 1));
    ThreadGains gains = new ThreadGains(arena, plan, List.of("a/float32"));
    assertThat(gains.all()).extracting(AnnThreadGain::ratio).containsOnlyNulls();
    assertThat(gains.table().text()).containsPattern("a/float32 +2 against 1 +- +- +-");
  }

  @Test
  void buildsWithOtherThreadsThanItSearches() throws Exception {
    run(new Arena.Plan(List.of(1, 2), List.of(2), List.of(10), 2, 1, 0), new Model("a", 1));
    assertThat(turns).containsExactly("build a 2", "search a 1 10", "search a 2 10");
  }

  @Test
  void tellsALoadedIndexFromABuildOfTheRun() throws Exception {
    Contender kept =
        new Model("kept", 1) {
          @Override
          public Build build(int threads) {
            return new Build(9, 1 << 20, 3 << 20, new Kept("2026-01-02T03:04:05Z", 1.5));
          }
        };
    Arena.Plan plan = new Arena.Plan(List.of(1), List.of(1), List.of(20), 2, 1, 0);
    Arena arena = run(plan, new Model("hnswlib", 1), kept);
    assertThat(arena.builds())
        .last()
        .isEqualTo(
            new AnnBuild(
                "kept",
                "float32",
                1,
                9,
                1 << 20,
                3 << 20,
                true,
                "2026-01-02T03:04:05Z",
                (Double) 1.5));
    List<String> names = List.of("hnswlib/float32", "kept/float32");
    assertThat(new Standings(arena, plan, names).builds().text())
        .containsPattern("hnswlib/float32 +1 +6.00 +1.00 +1.0 +3.0 +-")
        .containsPattern("kept/float32 +1 +9.00 +- +1.0 +3.0 +2026-01-02T03:04:05Z, load 1.50");
  }

  @Test
  void goesOnWithoutAPeerThatFails() throws Exception {
    Contender failing =
        new Model("broken", 1) {
          @Override
          public Run search(int ef, int k, int threads, double secondsMin)
              throws PeerFailedException {
            if (ef == 20) {
              throw new PeerFailedException("it ended: no memory");
            }
            return super.search(ef, k, threads, secondsMin);
          }
        };
    Arena.Plan plan = new Arena.Plan(List.of(1), List.of(1), List.of(10, 20), 2, 1, 0);
    Arena arena = run(plan, failing, new Model("a", 1));
    assertThat(arena.failed()).containsExactly(Map.entry("broken/float32", "it ended: no memory"));
    assertThat(arena.rows()).extracting(AnnRow::system).containsExactly("a", "a");
    assertThat(arena.builds()).extracting(AnnBuild::system).containsExactly("a");
  }

  @Test
  void takesTheMiddleOfTheRepeats() {
    assertThat(Median.of(new double[] {5, 1, 3})).isEqualTo(3);
    assertThat(Median.of(new double[] {4, 1, 3, 2})).isEqualTo(2.5);
  }
}
