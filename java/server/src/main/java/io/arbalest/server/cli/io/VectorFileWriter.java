package io.arbalest.server.cli.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * The {@code vector} column as {@code .fbin}, {@code .hbin} or {@code .npy}: what {@link
 * VectorFile} reads. The number of rows is known at the end, so the head is written twice: room
 * first.
 */
final class VectorFileWriter implements BatchWriter {
  private static final int BIN_HEAD_BYTES = 8;
  private static final int NPY_HEAD_BYTES = 128;

  private final String ending;
  private final FileChannel channel;
  private long rows;
  private int dimension;
  private Class<?> elements;

  VectorFileWriter(Path path, String ending) throws IOException {
    this.ending = ending;
    this.channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
    channel.position(ending.equals("npy") ? NPY_HEAD_BYTES : BIN_HEAD_BYTES);
  }

  @Override
  public void write(VectorSchemaRoot root) throws IOException {
    if (!(root.getVector(TableFiles.VECTOR) instanceof FixedSizeListVector list)) {
      throw new IOException("the rows have no vectors of float16 or float32 to write");
    }
    dimension = list.getListSize();
    elements = list.getDataVector().getClass();
    int count = root.getRowCount();
    ByteBuffer bytes =
        ByteBuffer.allocate(count * dimension * (isHalf() ? 2 : 4)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count * dimension; i++) {
      float value = component(list.getDataVector(), i);
      if (isHalf()) {
        bytes.putShort(Float16.toFloat16(value));
      } else {
        bytes.putFloat(value);
      }
    }
    bytes.flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    rows += count;
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      ByteBuffer head = ending.equals("npy") ? npyHead() : binHead();
      long at = 0;
      while (head.hasRemaining()) {
        at += channel.write(head, at);
      }
    }
  }

  /** NumPy keeps the type that the rows have; the two others are named after theirs. */
  private boolean isHalf() {
    return ending.equals("hbin") || (ending.equals("npy") && elements == Float2Vector.class);
  }

  private ByteBuffer binHead() {
    return ByteBuffer.allocate(BIN_HEAD_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt((int) rows)
        .putInt(dimension)
        .flip();
  }

  private ByteBuffer npyHead() {
    String dict =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }"
            .formatted(isHalf() ? "<f2" : "<f4", rows, dimension);
    int textBytes = NPY_HEAD_BYTES - 10;
    String padded = dict + " ".repeat(textBytes - dict.length() - 1) + "\n";
    ByteBuffer head = ByteBuffer.allocate(NPY_HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    head.put((byte) 1).put((byte) 0).putShort((short) textBytes);
    head.put(padded.getBytes(StandardCharsets.US_ASCII));
    return head.flip();
  }

  private static float component(FieldVector vector, int i) throws IOException {
    if (vector instanceof Float4Vector single) {
      return single.get(i);
    }
    if (vector instanceof Float2Vector half) {
      return half.getValueAsFloat(i);
    }
    throw new IOException("vectors of " + vector.getField().getType() + " cannot be written");
  }
}
