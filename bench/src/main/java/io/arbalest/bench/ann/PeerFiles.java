package io.arbalest.bench.ann;

import io.arbalest.bench.ann.PeerProcess.PeerData;
import io.arbalest.server.cli.io.VectorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The data as every peer reads it: two .fbin files in the run's own directory. */
final class PeerFiles {

  private static final int CHUNK_ROWS = 1024;

  private PeerFiles() {}

  static PeerData write(
      Path run, VectorFile base, float[][] queries, String metric, int m, int efConstruction)
      throws IOException {
    Path baseFile = run.resolve("base.fbin");
    try (FileChannel channel = create(baseFile)) {
      writeHeader(channel, base.rows(), base.dimension());
      for (int first = 0; first < base.rows(); first += CHUNK_ROWS) {
        int count = Math.min(CHUNK_ROWS, base.rows() - first);
        writeRows(channel, base.readFloats(first, count));
      }
    }
    Path queryFile = run.resolve("queries.fbin");
    try (FileChannel channel = create(queryFile)) {
      writeHeader(channel, queries.length, base.dimension());
      writeRows(channel, queries);
    }
    return new PeerData(baseFile, queryFile, metric, m, efConstruction);
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static void writeHeader(FileChannel channel, int rows, int dimension) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    write(channel, header.putInt(rows).putInt(dimension).flip());
  }

  private static void writeRows(FileChannel channel, float[][] rows) throws IOException {
    for (float[] row : rows) {
      ByteBuffer bytes =
          ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(row);
      write(channel, bytes);
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
