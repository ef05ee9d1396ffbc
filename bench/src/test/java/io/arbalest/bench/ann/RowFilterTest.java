package io.arbalest.bench.ann;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowFilterTest {

  @Test
  void readsWhatItWrote(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("parts");
    BitSet some = new BitSet();
    some.set(0);
    some.set(9);
    RowFilter.write(
        file,
        List.of(
            new RowFilter(new int[] {3, 1}, some),
            new RowFilter(new int[] {2}, null),
            new RowFilter(new int[] {0}, new BitSet())),
        19);
    List<RowFilter> parts = RowFilter.read(file);
    assertThat(parts).hasSize(3);
    assertThat(parts.get(0).queries()).containsExactly(3, 1);
    assertThat(parts.get(0).rows()).isEqualTo(some);
    assertThat(parts.get(1).rows()).as("all rows").isNull();
    assertThat(parts.get(2).queries()).containsExactly(0);
    assertThat(parts.get(2).rows()).as("no row").isEqualTo(new BitSet());
  }

  @Test
  void writesABitARowLowestFirst(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("parts");
    BitSet rows = new BitSet();
    rows.set(1);
    rows.set(8);
    RowFilter.write(file, List.of(new RowFilter(new int[] {7}, rows)), 19);
    assertThat(Files.readAllBytes(file))
        .containsExactly(1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 2, 1, 0);
  }
}
