package io.arbalest.bench.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RecallTest {

  private static TruthFile truth(int[] ids, float... distances) {
    return new TruthFile(new int[][] {ids}, new float[][] {distances});
  }

  @Test
  void countsTheNearestInAnyOrder() {
    TruthFile truth = truth(new int[] {1, 2, 3, 4}, 0.1f, 0.2f, 0.3f, 0.4f);
    assertThat(Recall.at(2, new int[][] {{2, 1}}, truth)).isEqualTo(1.0);
    assertThat(Recall.at(2, new int[][] {{1, 3}}, truth)).isEqualTo(0.5);
    assertThat(Recall.at(4, new int[][] {{9, 8, 7, 4}}, truth)).isEqualTo(0.25);
  }

  @Test
  void takesAnyOfTheRowsThatTieWithTheLast() {
    TruthFile truth = truth(new int[] {1, 2, 3, 4}, 0.1f, 0.2f, 0.2f, 0.4f);
    assertThat(Recall.at(2, new int[][] {{1, 3}}, truth)).isEqualTo(1.0);
    assertThat(Recall.at(2, new int[][] {{2, 3}}, truth)).isEqualTo(1.0);
    assertThat(Recall.at(2, new int[][] {{1, 4}}, truth)).isEqualTo(0.5);
  }

  @Test
  void countsARowOnceAndMissingRowsAsMissed() {
    TruthFile truth = truth(new int[] {1, 2}, 0.1f, 0.2f);
    assertThat(Recall.at(2, new int[][] {{1, 1}}, truth)).isEqualTo(0.5);
    assertThat(Recall.at(2, new int[][] {{2}}, truth)).isEqualTo(0.5);
    assertThat(Recall.at(2, new int[][] {{}}, truth)).isZero();
  }

  @Test
  void ignoresWhatIsBeyondK() {
    TruthFile truth = truth(new int[] {1, 2, 3}, 0.1f, 0.2f, 0.3f);
    assertThat(Recall.at(1, new int[][] {{3, 1}}, truth)).isZero();
  }

  @Test
  void averagesOverQueries() {
    TruthFile truth = new TruthFile(new int[][] {{1}, {2}}, new float[][] {{0.1f}, {0.1f}});
    assertThat(Recall.at(1, new int[][] {{1}, {1}}, truth)).isEqualTo(0.5);
  }

  @Test
  void refusesAnswersAndBreadthsThatDoNotFit() {
    TruthFile truth = truth(new int[] {1, 2}, 0.1f, 0.2f);
    assertThatThrownBy(() -> Recall.at(3, new int[][] {{1}}, truth))
        .hasMessageContaining("k: 3; allowed: 1..2");
    assertThatThrownBy(() -> Recall.at(1, new int[2][1], truth)).hasMessageContaining("2 queries");
  }
}
