package io.arbalest.store.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Limits;
import io.arbalest.engine.Strategy;
import io.arbalest.store.query.Planner.Plan;
import io.arbalest.store.query.Planner.Question;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final int MILLION = 1_000_000;

  private static final List<Strategy> ORDER =
      List.of(Strategy.EXACT, Strategy.SCAN, Strategy.FILTERED_GRAPH, Strategy.GRAPH);

  private static Question question(int rows, int matching, int k) {
    return new Question(rows, matching, k, null, null, 96, ElementType.FLOAT16, true, null, 1);
  }

  private static Plan plan(int rows, int matching, int k) {
    return Planner.filtered(question(rows, matching, k));
  }

  @Test
  void theFewerRowsMatchTheMoreOfThemAreLookedAt() {
    assertThat(plan(MILLION, 0, 10).name()).isEqualTo("exact-filtered");
    assertThat(plan(MILLION, 100, 10).name()).isEqualTo("exact-filtered");
    assertThat(plan(MILLION, 5_000, 10).name()).isEqualTo("scan-filtered");
    assertThat(plan(MILLION, 15_000, 10).name()).isEqualTo("scan-filtered");
    assertThat(plan(MILLION, 200_000, 10).name()).isEqualTo("filtered-graph");
    assertThat(plan(MILLION, 500_000, 10).name()).isEqualTo("filtered-graph");
    assertThat(plan(MILLION, 950_000, 10).name()).isEqualTo("graph");
    assertThat(plan(MILLION, MILLION, 10).name()).isEqualTo("graph");
  }

  @Test
  void namesAreThoseOfTheStrategies() {
    assertThat(Planner.unfiltered(false).strategy()).isEqualTo(Strategy.GRAPH);
    assertThat(Planner.unfiltered(true).strategy()).isEqualTo(Strategy.EXACT);
    assertThat(Planner.exactFiltered().strategy()).isEqualTo(Strategy.EXACT);
    assertThat(plan(MILLION, 100, 10).strategy()).isEqualTo(Strategy.EXACT);
    assertThat(plan(MILLION, 10_000, 10).strategy()).isEqualTo(Strategy.SCAN);
    assertThat(plan(MILLION, 300_000, 10).strategy()).isEqualTo(Strategy.FILTERED_GRAPH);
    assertThat(plan(MILLION, MILLION, 10).strategy()).isEqualTo(Strategy.GRAPH);
  }

  @Test
  void whatIsAllWantedIsScanned() {
    assertThat(plan(MILLION, 5_000, 5_000).name()).isEqualTo("exact-filtered");
    assertThat(plan(MILLION, 5_000, 10_000).name()).isEqualTo("exact-filtered");
    assertThat(plan(20, 20, 20).name()).isEqualTo("exact-filtered");
    assertThat(plan(0, 0, 1).name()).isEqualTo("exact-filtered");
  }

  @Test
  void strategiesFollowEachOtherAsMoreRowsMatch() {
    for (int dimension : new int[] {2, 96, 384, 1536, 4096}) {
      for (ElementType element : ElementType.values()) {
        int last = 0;
        for (int matching = 10; matching <= MILLION; matching = matching * 10 / 9 + 1) {
          Question question =
              new Question(MILLION, matching, 10, null, null, dimension, element, true, null, 1);
          int step = ORDER.indexOf(Planner.filtered(question).strategy());
          assertThat(step).as("%s", question).isGreaterThanOrEqualTo(last);
          last = step;
        }
        assertThat(last).as("%d x %s", dimension, element).isEqualTo(ORDER.size() - 1);
      }
    }
  }

  @Test
  void withoutCodesThereIsNothingToScanButRows() {
    Question question =
        new Question(MILLION, 4_000, 10, null, null, 96, ElementType.FLOAT16, false, null, 1);
    assertThat(Planner.filtered(question).strategy()).isEqualTo(Strategy.EXACT);
  }

  @Test
  void theMoreARowCostsTheFewerAreScanned() {
    assertThat(scannedAtMost(96, ElementType.FLOAT16))
        .isGreaterThan(scannedAtMost(384, ElementType.FLOAT16));
    assertThat(scannedAtMost(384, ElementType.FLOAT16))
        .isGreaterThan(scannedAtMost(1536, ElementType.FLOAT16))
        .isGreaterThan(scannedAtMost(384, ElementType.FLOAT32));
  }

  private static int scannedAtMost(int dimension, ElementType element) {
    int matching = 1;
    while (Planner.filtered(
                new Question(MILLION, matching, 10, null, null, dimension, element, false, null, 1))
            .strategy()
        == Strategy.EXACT) {
      matching += matching / 50 + 1;
    }
    return matching;
  }

  @Test
  void aBreadthAskedForIsTheLeastAndARecallBeyondThePlannedWidens() {
    int planned = plan(MILLION, 300_000, 10).ef();
    Question question = question(MILLION, 300_000, 10);
    assertThat(Planner.filtered(with(question, 1, null)).ef()).isEqualTo(planned);
    assertThat(Planner.filtered(with(question, planned + 300, null)).ef()).isEqualTo(planned + 300);
    assertThat(Planner.filtered(with(question, null, 0.5)).ef()).isEqualTo(planned);
    assertThat(Planner.filtered(with(question, null, 0.99)).ef()).isEqualTo(planned);
    assertThat(Planner.filtered(with(question, null, 0.999)).ef()).isGreaterThan(planned);
    Plan widest = Planner.filtered(with(question, Limits.EF_MAX, 0.999999));
    assertThat(widest.strategy() == Strategy.EXACT || widest.ef() == Limits.EF_MAX).isTrue();
  }

  private static Question with(Question of, Integer ef, Double targetRecall) {
    return copy(of, ef, targetRecall, of.subset(), of.walkFactor());
  }

  /** The same with a subset of all its rows but some behind, a tenth of which is looked at. */
  private static Question withSubset(Question of, int behind) {
    Planner.Subset subset = new Planner.Subset(of.matching() - behind, 0.1, behind);
    return copy(of, of.ef(), of.targetRecall(), subset, of.walkFactor());
  }

  private static Question seen(Question of, double walkFactor) {
    return copy(of, of.ef(), of.targetRecall(), of.subset(), walkFactor);
  }

  private static Question copy(
      Question of, Integer ef, Double targetRecall, Planner.Subset subset, double walkFactor) {
    return new Question(
        of.rows(),
        of.matching(),
        of.k(),
        ef,
        targetRecall,
        of.dimension(),
        of.element(),
        of.codes(),
        subset,
        walkFactor);
  }

  @Test
  void aSubsetIsSearchedWhereItCostsLeast() {
    for (int matching : new int[] {5_000, 20_000, 100_000}) {
      Question question = withSubset(question(MILLION, matching, 10), matching / 50);
      Plan plan = Planner.filtered(question);
      assertThat(plan.name()).as("%s", question).isEqualTo("ivf-filtered");
      assertThat(plan.strategy()).isEqualTo(Strategy.SUBSET);
      assertThat(plan.targetRecall()).isBetween(0.99, 0.999);
      assertThat(plan.ef()).isBetween(10, 20);
      assertThat(plan.visits()).isPositive().isLessThan(plan(MILLION, matching, 10).visits());
    }
    assertThat(Planner.filtered(withSubset(question(MILLION, 100, 10), 0)).name())
        .isEqualTo("exact-filtered");
    assertThat(Planner.filtered(withSubset(question(MILLION, 500_000, 10), 490_000)).name())
        .isEqualTo("filtered-graph");
  }

  @Test
  void whatTraversalsWithAFilterWereSeenToCostIsBelieved() {
    Question question = question(MILLION, 100_000, 10);
    assertThat(Planner.filtered(question).name()).isEqualTo("filtered-graph");
    assertThat(Planner.filtered(seen(question, 0.5)).name()).isEqualTo("filtered-graph");
    assertThat(Planner.filtered(seen(question, 10)).name()).isEqualTo("scan-filtered");
    Question fewer = question(MILLION, 12_000, 10);
    assertThat(Planner.filtered(fewer).name()).isEqualTo("scan-filtered");
    assertThat(Planner.filtered(seen(fewer, 0.1)).name()).isEqualTo("filtered-graph");
  }

  @Test
  void aSearchByASubsetGoesAsFarAsIsAskedAndKeepsAsMany() {
    Question question = withSubset(question(MILLION, 100_000, 10), 0);
    Plan asked = Planner.filtered(with(question, 500, null));
    assertThat(asked.strategy()).isEqualTo(Strategy.SUBSET);
    assertThat(asked.ef()).isEqualTo(500);
    assertThat(asked.targetRecall()).isNotNull();
    assertThat(Planner.filtered(with(question, null, 0.999)).targetRecall()).isEqualTo(0.999);
    double least = Planner.filtered(with(question, null, 0.5)).targetRecall();
    assertThat(least).isGreaterThanOrEqualTo(0.99);
  }

  @Test
  void onlySearchesThatASubsetCouldSaveCostAnything() {
    assertThat(plan(MILLION, 5_000, 10).visits()).isPositive();
    assertThat(plan(MILLION, 100_000, 10).visits()).isPositive();
    assertThat(plan(MILLION, 890_000, 10).visits()).isZero(); // so many match anyway
    assertThat(plan(MILLION, 950_000, 10).visits()).isZero();
    assertThat(plan(MILLION, 5_000, 5_000).visits()).isZero();
    assertThat(Planner.exactFiltered().visits()).isZero();
    assertThat(Planner.unfiltered(false).visits()).isZero();
    Question bare =
        new Question(MILLION, 5_000, 10, null, null, 96, ElementType.FLOAT16, false, null, 1);
    assertThat(Planner.filtered(bare).visits()).isZero();
  }
}
