package io.arbalest.server.cli.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/** An Arrow IPC file. */
final class ArrowBatchWriter implements BatchWriter {
  private final FileChannel channel;
  private ArrowFileWriter writer;

  ArrowBatchWriter(Path path) throws IOException {
    channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
  }

  @Override
  public void write(VectorSchemaRoot root) throws IOException {
    if (writer == null) {
      writer = new ArrowFileWriter(root, null, channel);
      writer.start();
    }
    writer.writeBatch();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (writer != null) {
        writer.end();
      }
    }
  }
}
