package io.arbalest.bench.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TruthFileTest {

  @TempDir Path directory;

  private Path file(int n, int k, int pairs) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + 8 * pairs).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(n).putInt(k);
    for (int i = 0; i < pairs; i++) {
      bytes.putInt(10 + i);
    }
    for (int i = 0; i < pairs; i++) {
      bytes.putFloat(i / 4f);
    }
    return Files.write(directory.resolve("t.ibin"), bytes.array());
  }

  @Test
  void readsIdsThenDistances() throws IOException {
    TruthFile truth = TruthFile.read(file(2, 3, 6));
    assertThat(truth.queries()).isEqualTo(2);
    assertThat(truth.k()).isEqualTo(3);
    assertThat(truth.ids()).isDeepEqualTo(new int[][] {{10, 11, 12}, {13, 14, 15}});
    assertThat(truth.distances())
        .isDeepEqualTo(new float[][] {{0f, 0.25f, 0.5f}, {0.75f, 1f, 1.25f}});
  }

  @Test
  void refusesWhatItsHeaderDoesNotDescribe() throws IOException {
    Path few = file(2, 3, 5);
    assertThatThrownBy(() -> TruthFile.read(few))
        .hasMessageContaining("n = 2 and k = 3")
        .hasMessageContaining("40 bytes");
    Path huge = file(-1, -1, 2);
    assertThatThrownBy(() -> TruthFile.read(huge)).hasMessageContaining("4294967295");
    Path none = file(0, 0, 0);
    assertThatThrownBy(() -> TruthFile.read(none)).hasMessageContaining("k = 0");
    Path cut = Files.write(directory.resolve("cut.ibin"), new byte[5]);
    assertThatThrownBy(() -> TruthFile.read(cut)).hasMessageContaining("5 bytes");
  }
}
