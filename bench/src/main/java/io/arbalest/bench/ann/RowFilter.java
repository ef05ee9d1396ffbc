package io.arbalest.bench.ann;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Some queries and the rows that may answer them, as a peer is told of them through a file
 * (bench/peers/peer.py describes it).
 *
 * @param queries their numbers
 * @param rows row numbers; null where all rows may
 */
public record RowFilter(int[] queries, BitSet rows) {

  /**
   * Writes the parts of the queries.
   *
   * @param rowCount of the base: as long is every bitmap
   */
  static void write(Path file, List<RowFilter> parts, int rowCount) throws IOException {
    int bitmapBytes = (rowCount + Byte.SIZE - 1) / Byte.SIZE;
    int bytes = Integer.BYTES;
    for (RowFilter part : parts) {
      bytes += Integer.BYTES * (2 + part.queries.length) + (part.rows == null ? 0 : bitmapBytes);
    }
    ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(parts.size());
    for (RowFilter part : parts) {
      out.putInt(part.queries.length).putInt(part.rows == null ? 0 : bitmapBytes);
      for (int query : part.queries) {
        out.putInt(query);
      }
      if (part.rows != null) {
        int end = out.position() + bitmapBytes;
        out.put(part.rows.toByteArray()).position(end);
      }
    }
    Files.write(file, out.array());
  }

  /** The parts that {@link #write} wrote. */
  public static List<RowFilter> read(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<RowFilter> parts = new ArrayList<>();
    int count = in.getInt();
    for (int i = 0; i < count; i++) {
      int[] queries = new int[in.getInt()];
      byte[] bitmap = new byte[in.getInt()];
      for (int query = 0; query < queries.length; query++) {
        queries[query] = in.getInt();
      }
      in.get(bitmap);
      parts.add(new RowFilter(queries, bitmap.length == 0 ? null : BitSet.valueOf(bitmap)));
    }
    return parts;
  }
}
