package io.arbalest.server.cli.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.server.cli.io.VectorFile.Component;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.apache.arrow.memory.util.Float16;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorFileTest {

  @TempDir Path directory;

  private Path write(String name, int size, Consumer<ByteBuffer> fill) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(buffer);
    Path path = directory.resolve(name);
    return Files.write(path, Arrays.copyOf(buffer.array(), buffer.position()));
  }

  private Path npy(String name, String dict, int major, Consumer<ByteBuffer> data)
      throws IOException {
    return write(
        name,
        4096,
        b -> {
          b.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
          byte[] text = dict.getBytes(StandardCharsets.UTF_8);
          if (major == 1) {
            b.putShort((short) text.length);
          } else {
            b.putInt(text.length);
          }
          b.put(text);
          data.accept(b);
        });
  }

  @Test
  void readsFbinRows() throws IOException {
    Path path =
        write(
            "a.fbin",
            64,
            b -> {
              b.putInt(3).putInt(2);
              for (int i = 0; i < 6; i++) {
                b.putFloat(i + 0.5f);
              }
            });
    try (VectorFile file = VectorFile.open(path)) {
      assertThat(file.rows()).isEqualTo(3);
      assertThat(file.dimension()).isEqualTo(2);
      assertThat(file.component()).isEqualTo(Component.FLOAT32);
      assertThat(file.readFloats(1, 2)).isDeepEqualTo(new float[][] {{2.5f, 3.5f}, {4.5f, 5.5f}});
      ByteBuffer raw = file.readBytes(2, 1);
      assertThat(raw.remaining()).isEqualTo(8);
      assertThat(raw.getFloat()).isEqualTo(4.5f);
      assertThatThrownBy(() -> file.readFloats(2, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows 2..3")
          .hasMessageContaining("0..2");
    }
  }

  @Test
  void readsHbinRows() throws IOException {
    float[] values = {1, -2.5f, 0.25f, 65504};
    Path path =
        write(
            "a.hbin",
            64,
            b -> {
              b.putInt(2).putInt(2);
              for (float value : values) {
                b.putShort(Float16.toFloat16(value));
              }
            });
    try (VectorFile file = VectorFile.open(path)) {
      assertThat(file.component()).isEqualTo(Component.FLOAT16);
      assertThat(file.readFloats()).isDeepEqualTo(new float[][] {{1, -2.5f}, {0.25f, 65504}});
    }
  }

  @Test
  void readsNpyOfEveryComponentAndVersion() throws IOException {
    String dict = "{'descr': '%s', 'fortran_order': False, 'shape': (1, 2), }    \n";
    float[][] expected = {{1, 200}};
    check(npy("f2.npy", dict.formatted("<f2"), 1, b -> halves(b, 1, 200)), expected);
    check(npy("f4.npy", dict.formatted("<f4"), 2, b -> b.putFloat(1).putFloat(200)), expected);
    check(npy("f8.npy", dict.formatted("<f8"), 3, b -> b.putDouble(1).putDouble(200)), expected);
    check(npy("u1.npy", dict.formatted("|u1"), 1, b -> b.put((byte) 1).put((byte) 200)), expected);
    check(
        npy("i1.npy", dict.formatted("|i1"), 1, b -> b.put((byte) 1).put((byte) 200)),
        new float[][] {{1, -56}});
  }

  private static void halves(ByteBuffer buffer, float... values) {
    for (float value : values) {
      buffer.putShort(Float16.toFloat16(value));
    }
  }

  private static void check(Path path, float[][] expected) throws IOException {
    try (VectorFile file = VectorFile.open(path)) {
      assertThat(file.readFloats()).isDeepEqualTo(expected);
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    Path shortFile = write("short.fbin", 64, b -> b.putInt(3).putInt(2).putFloat(1));
    assertThatThrownBy(() -> VectorFile.open(shortFile))
        .hasMessageContaining("12 bytes")
        .hasMessageContaining("3 rows of 2 float32")
        .hasMessageContaining("32 bytes");
    Path empty = write("empty.hbin", 64, b -> b.put((byte) 1));
    assertThatThrownBy(() -> VectorFile.open(empty)).hasMessageContaining("ends at byte 1");
    Path flat = write("flat.fbin", 64, b -> b.putInt(3).putInt(0));
    assertThatThrownBy(() -> VectorFile.open(flat)).hasMessageContaining("dimension 0");
    assertThatThrownBy(() -> VectorFile.open(directory.resolve("x.csv")))
        .hasMessageContaining(".fbin, .hbin, .npy");
    String one = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    Path oneDimensional = npy("one.npy", one, 1, b -> b.putFloat(1).putFloat(2));
    assertThatThrownBy(() -> VectorFile.open(oneDimensional))
        .hasMessageContaining("two-dimensional 'shape'");
    String fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }";
    Path columns = npy("fortran.npy", fortran, 1, b -> b.putFloat(1));
    assertThatThrownBy(() -> VectorFile.open(columns)).hasMessageContaining("fortran_order");
    String big = "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }";
    Path bigEndian = npy("big.npy", big, 1, b -> b.putFloat(1));
    assertThatThrownBy(() -> VectorFile.open(bigEndian)).hasMessageContaining("'>f4'");
    Path text = write("text.npy", 64, b -> b.put("hello numpy".getBytes(StandardCharsets.UTF_8)));
    assertThatThrownBy(() -> VectorFile.open(text)).hasMessageContaining("not a .npy file");
  }
}
