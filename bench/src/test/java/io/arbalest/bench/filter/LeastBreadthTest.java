package io.arbalest.bench.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeastBreadthTest {
  private final List<Integer> asked = new ArrayList<>();

  private double recall(int ef, int enough) {
    asked.add(ef);
    return ef >= enough ? 0.99 : 0.5 + 0.4 * ef / enough;
  }

  @Test
  void findsTheLeastThatIsEnough() throws IOException {
    for (int enough : new int[] {1, 10, 11, 20, 21, 37, 100}) {
      LeastBreadth.Found found =
          LeastBreadth.of(10, 100, 0.99, () -> true, ef -> recall(ef, enough));
      assertThat(found).isEqualTo(new LeastBreadth.Found(Math.max(10, enough), 0.99, true));
    }
  }

  @Test
  void comesCloseWhereItIsWide() throws IOException {
    LeastBreadth.Found found = LeastBreadth.of(10, 4096, 0.99, () -> true, ef -> recall(ef, 3000));
    assertThat(found.ef()).isBetween(3000, 3000 + 4096 / 64);
    assertThat(asked).hasSizeLessThan(18);
  }

  @Test
  void saysWhereTimeWasUp() throws IOException {
    LeastBreadth.Found tooNarrow =
        LeastBreadth.of(10, 4096, 0.99, () -> asked.size() < 2, ef -> recall(ef, 40));
    assertThat(tooNarrow).isEqualTo(new LeastBreadth.Found(20, 0.7, false));
    asked.clear();
    LeastBreadth.Found wide =
        LeastBreadth.of(10, 4096, 0.99, () -> asked.size() < 4, ef -> recall(ef, 21));
    assertThat(wide).isEqualTo(new LeastBreadth.Found(30, 0.99, false));
  }

  @Test
  void asksOnceWhereTheFirstIsEnough() throws IOException {
    LeastBreadth.of(10, 4096, 0.99, () -> true, ef -> recall(ef, 3));
    assertThat(asked).containsExactly(10);
  }

  @Test
  void givesTheBestWhereNoneIsEnough() throws IOException {
    assertThat(LeastBreadth.of(10, 70, 0.99, () -> true, ef -> recall(ef, 140)))
        .isEqualTo(new LeastBreadth.Found(70, 0.7, true));
    assertThat(asked).containsExactly(10, 20, 40, 70);
    assertThat(LeastBreadth.of(10, 70, 0.99, () -> true, ef -> 0.25))
        .isEqualTo(new LeastBreadth.Found(10, 0.25, true));
  }
}
