package io.arbalest.store.snapshot;

import io.arbalest.store.disk.DiskFile;
import io.arbalest.store.snapshot.SnapshotFormat.FileSum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;

/** Writes to the end of a file, and sums up what it wrote. The file stays its owner's. */
final class SummingChannel implements WritableByteChannel {
  private final DiskFile file;
  private final CRC32C crc = new CRC32C();
  private long bytes;

  SummingChannel(DiskFile file) {
    this.file = file;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int count = source.remaining();
    crc.update(source.duplicate());
    file.append(source);
    bytes += count;
    return count;
  }

  FileSum sum() {
    return new FileSum(bytes, Integer.toHexString((int) crc.getValue()));
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
