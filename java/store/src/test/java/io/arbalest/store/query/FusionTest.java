package io.arbalest.store.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.store.query.Fusion.DenseHits;
import io.arbalest.store.query.Fusion.Ranked;
import io.arbalest.store.text.TextHits;
import java.util.List;
import org.junit.jupiter.api.Test;

class FusionTest {
  private static final DenseHits NONE_DENSE = new DenseHits(new int[0], new float[0]);
  private static final TextHits NONE_TEXT = new TextHits(new int[0], new float[0]);
  private static final DenseHits DENSE =
      new DenseHits(new int[] {7, 3, 9}, new float[] {0.1f, 0.2f, 0.5f});
  private static final TextHits TEXT = new TextHits(new int[] {9, 4, 7}, new float[] {8f, 5f, 2f});

  private static List<Integer> rows(List<Ranked> hits) {
    return hits.stream().map(Ranked::row).toList();
  }

  @Test
  void byRankEachSideGivesTheReciprocalOfItsRank() {
    List<Ranked> fused = Fusion.fuse(DENSE, TEXT, null, 10);
    // 7: 1/61 + 1/63, 9: 1/63 + 1/61, 3: 1/62, 4: 1/62; of equals the nearer one first.
    assertThat(rows(fused)).containsExactly(7, 9, 3, 4);
    assertThat(fused.get(0)).isEqualTo(new Ranked(7, 0.1f, (float) (1 / 61.0 + 1 / 63.0), 1, 3));
    assertThat(fused.get(1).score()).isEqualTo(fused.get(0).score());
    assertThat(fused.get(3)).isEqualTo(new Ranked(4, null, (float) (1 / 62.0), 0, 2));
    assertThat(rows(Fusion.fuse(DENSE, TEXT, null, 2))).containsExactly(7, 9);
  }

  @Test
  void byWeightEachSideIsStretchedToItsCandidates() {
    List<Ranked> fused = Fusion.fuse(DENSE, TEXT, 0.25, 10);
    // 9: 0.75, 4: 0.75 * 3/6, 7: 0.25, 3: 0.25 * 0.3/0.4
    assertThat(rows(fused)).containsExactly(9, 4, 7, 3);
    float[] expected = {0.75f, 0.375f, 0.25f, 0.1875f};
    for (int i = 0; i < expected.length; i++) {
      assertThat(fused.get(i).score()).isCloseTo(expected[i], within(1e-6f));
    }
  }

  @Test
  void aSideThatWeighsNothingBringsNoRows() {
    assertThat(rows(Fusion.fuse(DENSE, TEXT, 0.0, 10))).containsExactly(9, 4, 7);
    assertThat(rows(Fusion.fuse(DENSE, TEXT, 1.0, 10))).containsExactly(7, 3, 9);
    assertThat(Fusion.fuse(DENSE, TEXT, 0.0, 10).get(0).denseRank()).isEqualTo(3);
    assertThat(Fusion.fuse(DENSE, TEXT, 1.0, 10).get(2).textRank()).isEqualTo(1);
  }

  @Test
  void oneSideMayBeEmptyOrAllEqual() {
    assertThat(Fusion.fuse(NONE_DENSE, NONE_TEXT, null, 10)).isEmpty();
    assertThat(Fusion.fuse(NONE_DENSE, NONE_TEXT, 0.5, 10)).isEmpty();
    assertThat(rows(Fusion.fuse(DENSE, NONE_TEXT, null, 10))).containsExactly(7, 3, 9);
    assertThat(rows(Fusion.fuse(NONE_DENSE, TEXT, 0.5, 10))).containsExactly(9, 4, 7);
    TextHits equal = new TextHits(new int[] {5, 6}, new float[] {2, 2});
    List<Ranked> fused = Fusion.fuse(NONE_DENSE, equal, 0.5, 10);
    assertThat(fused).extracting(Ranked::score).containsExactly(0.5f, 0.5f);
    assertThat(rows(fused)).containsExactly(5, 6);
  }
}
