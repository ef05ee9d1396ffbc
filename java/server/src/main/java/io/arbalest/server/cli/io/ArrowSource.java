package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.InvalidArrowFileException;

/** An Arrow IPC file, of the file or of the stream format: told apart by the first bytes. */
final class ArrowSource implements BatchSource {
  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.UTF_8);

  private final Path path;
  private final ArrowReader reader;
  private final VectorSchemaRoot root;

  ArrowSource(Path path, BufferAllocator allocator) throws IOException {
    this.path = path;
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    ArrowReader opened = null;
    try {
      boolean file = startsWithMagic(channel);
      opened =
          file
              ? new ArrowFileReader(channel, allocator)
              : new ArrowStreamReader(channel, allocator);
      root = opened.getVectorSchemaRoot();
    } catch (IOException | RuntimeException e) {
      if (opened != null) {
        opened.close();
      }
      channel.close();
      throw unreadable(e);
    }
    reader = opened;
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() throws IOException {
    try {
      return reader.loadNextBatch();
    } catch (IOException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private IOException unreadable(Exception e) {
    if (e instanceof IOException io && !(e instanceof InvalidArrowFileException)) {
      return io.getMessage() == null ? new IOException(path + ": cannot be read", e) : io;
    }
    return new IOException(path + ": not an Arrow IPC file: " + e.getMessage(), e);
  }

  private static boolean startsWithMagic(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(MAGIC.length);
    int read = channel.read(head, 0);
    return read == MAGIC.length && ByteBuffer.wrap(MAGIC).equals(head.flip());
  }
}
