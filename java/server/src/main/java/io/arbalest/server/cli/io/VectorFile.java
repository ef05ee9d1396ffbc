package io.arbalest.server.cli.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A file of vectors, one row after another: {@code .fbin} (uint32 n, uint32 d, n*d float32), {@code
 * .hbin} (the same with float16) and two-dimensional C-ordered {@code .npy}; little endian all.
 *
 * <p>Reads are positional, so one open file serves many threads, and nothing but what was asked for
 * is in memory.
 */
public final class VectorFile implements AutoCloseable {

  /** How one component is stored. */
  public enum Component {
    FLOAT16(2),
    FLOAT32(4),
    FLOAT64(8),
    INT8(1),
    UINT8(1);

    private final int bytes;

    Component(int bytes) {
      this.bytes = bytes;
    }

    /** Size of one component. */
    public int bytes() {
      return bytes;
    }

    /** The Arrow type whose values lie in memory as these lie in the file. */
    ArrowType arrowType() {
      return switch (this) {
        case FLOAT16 -> new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
        case FLOAT32 -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
        case FLOAT64 -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
        case INT8 -> new ArrowType.Int(8, true);
        case UINT8 -> new ArrowType.Int(8, false);
      };
    }
  }

  /** Rows that one {@link #readFloats} pass converts at a time: bounds its scratch memory. */
  private static final int CHUNK_BYTES_MAX = 1 << 20;

  private static final int BIN_HEADER_BYTES = 8;

  private final Path path;
  private final FileChannel channel;
  private final Component component;
  private final int rows;
  private final int dimension;
  private final long dataOffset;

  private VectorFile(
      Path path,
      FileChannel channel,
      Component component,
      long rows,
      long dimension,
      long dataOffset)
      throws IOException {
    if (rows < 0 || rows > Integer.MAX_VALUE) {
      throw new IOException(path + ": " + rows + " rows; allowed: 0.." + Integer.MAX_VALUE);
    }
    if (dimension < 1 || dimension > 1 << 20) {
      throw new IOException(path + ": dimension " + dimension + "; allowed: 1.." + (1 << 20));
    }
    long expected = dataOffset + rows * dimension * component.bytes();
    if (channel.size() != expected) {
      throw new IOException(
          "%s: %d bytes, but its header says %d rows of %d %s, which is %d bytes"
              .formatted(
                  path,
                  channel.size(),
                  rows,
                  dimension,
                  component.name().toLowerCase(Locale.ROOT),
                  expected));
    }
    this.path = path;
    this.channel = channel;
    this.component = component;
    this.rows = (int) rows;
    this.dimension = (int) dimension;
    this.dataOffset = dataOffset;
  }

  /** Whether {@link #open} knows the format, judged by the name alone. */
  public static boolean handles(Path path) {
    return !extension(path).isEmpty();
  }

  /**
   * Opens a file and checks its header against its size.
   *
   * @throws IOException if the name ends in none of .fbin, .hbin, .npy, or the file is not what its
   *     header says
   */
  public static VectorFile open(Path path) throws IOException {
    String extension = extension(path);
    if (extension.isEmpty()) {
      throw new IOException(path + ": not a vector file; allowed: .fbin, .hbin, .npy");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      if (extension.equals(".npy")) {
        NpyHeader header = NpyHeader.read(path, channel);
        return new VectorFile(
            path,
            channel,
            header.component(),
            header.rows(),
            header.dimension(),
            header.dataOffset());
      }
      ByteBuffer header = readAt(path, channel, 0, BIN_HEADER_BYTES);
      long rows = Integer.toUnsignedLong(header.getInt());
      long dimension = Integer.toUnsignedLong(header.getInt());
      Component component = extension.equals(".fbin") ? Component.FLOAT32 : Component.FLOAT16;
      return new VectorFile(path, channel, component, rows, dimension, BIN_HEADER_BYTES);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Number of vectors. */
  public int rows() {
    return rows;
  }

  /** Components of a vector. */
  public int dimension() {
    return dimension;
  }

  /** How the components are stored. */
  public Component component() {
    return component;
  }

  /** The bytes of {@code count} rows from {@code first} as they lie in the file: little endian. */
  public ByteBuffer readBytes(int first, int count) throws IOException {
    checkRange(first, count);
    long rowBytes = (long) dimension * component.bytes();
    if (count * rowBytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "count: " + count + " rows are " + count * rowBytes + " bytes; allowed: below 2 GiB");
    }
    return readAt(path, channel, dataOffset + first * rowBytes, (int) (count * rowBytes));
  }

  /** {@code count} rows from {@code first}, widened or rounded to float32: [count][dimension]. */
  public float[][] readFloats(int first, int count) throws IOException {
    checkRange(first, count);
    float[][] out = new float[count][dimension];
    int chunk = Math.max(1, CHUNK_BYTES_MAX / (dimension * component.bytes()));
    for (int done = 0; done < count; done += chunk) {
      int now = Math.min(chunk, count - done);
      ByteBuffer bytes = readBytes(first + done, now);
      for (int row = 0; row < now; row++) {
        decode(bytes, out[done + row]);
      }
    }
    return out;
  }

  /** All rows: [rows][dimension]. */
  public float[][] readFloats() throws IOException {
    return readFloats(0, rows);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void decode(ByteBuffer bytes, float[] row) {
    for (int i = 0; i < row.length; i++) {
      row[i] =
          switch (component) {
            case FLOAT16 -> Float16.toFloat(bytes.getShort());
            case FLOAT32 -> bytes.getFloat();
            case FLOAT64 -> (float) bytes.getDouble();
            case INT8 -> bytes.get();
            case UINT8 -> Byte.toUnsignedInt(bytes.get());
          };
    }
  }

  private void checkRange(int first, int count) {
    if (first < 0 || count < 0 || (long) first + count > rows) {
      throw new IllegalArgumentException(
          "rows %d..%d of %s; allowed: 0..%d"
              .formatted(first, (long) first + count - 1, path, rows - 1));
    }
  }

  static ByteBuffer readAt(Path path, FileChannel channel, long offset, int size)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException(
            "%s ends at byte %d; expected %d bytes at offset %d"
                .formatted(path, channel.size(), size, offset));
      }
    }
    return buffer.flip();
  }

  private static String extension(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    for (String known : new String[] {".fbin", ".hbin", ".npy"}) {
      if (name.endsWith(known)) {
        return known;
      }
    }
    return "";
  }
}
