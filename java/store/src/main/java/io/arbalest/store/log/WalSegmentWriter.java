package io.arbalest.store.log;

import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Adds records to one segment. Used by one thread at a time. */
final class WalSegmentWriter implements Closeable {
  private final Path path;
  private final DiskFile file;
  private final long firstSequence;
  private long size;

  private WalSegmentWriter(Path path, DiskFile file, long firstSequence, long size) {
    this.path = path;
    this.file = file;
    this.firstSequence = firstSequence;
    this.size = size;
  }

  /** Makes a segment whose header and name are durable. On failure nothing is left of it. */
  static WalSegmentWriter create(Disk disk, Path directory, long firstSequence) throws IOException {
    Path path = directory.resolve(WalSegmentFormat.fileName(firstSequence));
    DiskFile file = disk.create(path);
    try {
      file.append(WalSegmentFormat.segmentHeader(firstSequence));
      file.sync();
      disk.syncDirectory(directory);
    } catch (IOException e) {
      try {
        file.close();
        disk.delete(path);
      } catch (IOException cleaning) {
        e.addSuppressed(cleaning);
      }
      throw e;
    }
    return new WalSegmentWriter(path, file, firstSequence, WalSegmentFormat.SEGMENT_HEADER_BYTES);
  }

  /** Goes on behind the last record of a segment that recovery has looked through. */
  static WalSegmentWriter resume(Disk disk, Path path, long firstSequence) throws IOException {
    DiskFile file = disk.open(path);
    return new WalSegmentWriter(path, file, firstSequence, file.size());
  }

  /**
   * Adds a record, or leaves the segment as it was.
   *
   * @throws IOException its cut back may have failed too: that failure is then among the suppressed
   */
  void append(long sequence, long durable, RecordType type, ByteBuffer payload) throws IOException {
    ByteBuffer header = WalSegmentFormat.recordHeader(sequence, durable, type, payload);
    int bytes = header.remaining() + payload.remaining();
    try {
      file.append(header, payload.duplicate());
    } catch (IOException e) {
      cutBack(e);
      throw e;
    }
    size += bytes;
  }

  private void cutBack(IOException failure) {
    try {
      file.truncate(size);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  void sync() throws IOException {
    file.sync();
  }

  Path path() {
    return path;
  }

  long firstSequence() {
    return firstSequence;
  }

  /** Bytes of whole records and the header. */
  long size() {
    return size;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
