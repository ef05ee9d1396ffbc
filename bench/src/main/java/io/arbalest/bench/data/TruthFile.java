package io.arbalest.bench.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The exact answers of a query set, {@code .ibin}: uint32 n, uint32 k, then n*k uint32 row numbers,
 * nearest first, then n*k float32 distances; little endian.
 *
 * @param ids [n][k] rows of the base
 * @param distances [n][k], not decreasing in a row
 */
public record TruthFile(int[][] ids, float[][] distances) {

  private static final int HEADER_BYTES = 8;

  /**
   * Reads a file whole.
   *
   * @throws IOException if it is not as long as its header says
   */
  public static TruthFile read(Path path) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < HEADER_BYTES) {
      throw new IOException(path + ": " + bytes.remaining() + " bytes; a header alone has 8");
    }
    long n = Integer.toUnsignedLong(bytes.getInt());
    long k = Integer.toUnsignedLong(bytes.getInt());
    // Compared by division: n * k of a hostile header overflows a long.
    if (k == 0
        || bytes.remaining() % 8 != 0
        || bytes.remaining() / 8 / k != n
        || bytes.remaining() / 8 % k != 0) {
      throw new IOException(
          "%s: %d bytes follow a header of n = %d and k = %d; expected n * k * 8"
              .formatted(path, bytes.remaining(), n, k));
    }
    int[][] ids = new int[(int) n][(int) k];
    float[][] distances = new float[(int) n][(int) k];
    for (int[] row : ids) {
      for (int i = 0; i < row.length; i++) {
        row[i] = bytes.getInt();
      }
    }
    for (float[] row : distances) {
      for (int i = 0; i < row.length; i++) {
        row[i] = bytes.getFloat();
      }
    }
    return new TruthFile(ids, distances);
  }

  /** Number of queries. */
  public int queries() {
    return ids.length;
  }

  /** Neighbors known of each query. */
  public int k() {
    return ids.length == 0 ? 0 : ids[0].length;
  }
}
