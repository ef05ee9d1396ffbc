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

/** An Arrow IPC file, of the file or of the stream format: told apart by the first bytes. */
final class ArrowSource implements BatchSource {
  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.UTF_8);

  /** What every message of a stream begins with. */
  private static final int CONTINUATION = -1;

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
    return new IOException(path + ": cannot be read as Arrow IPC: " + e.getMessage(), e);
  }

  /** Whether this is a file and not a stream; neither is refused before its bytes are believed. */
  private static boolean startsWithMagic(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(MAGIC.length);
    for (int read = 0; read >= 0 && head.hasRemaining(); ) {
      read = channel.read(head, head.position());
    }
    head.flip();
    if (ByteBuffer.wrap(MAGIC).equals(head)) {
      return true;
    }
    if (head.remaining() < Integer.BYTES || head.getInt() != CONTINUATION) {
      throw new IOException("it starts neither as a file nor as a stream");
    }
    return false;
  }
}
