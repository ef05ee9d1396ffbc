package io.arbalest.store.log;

import io.arbalest.store.StoreException;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFullException;
import io.arbalest.store.log.WalRecovery.Segment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of one node: segment files in a directory. Every change happens under the lock of this
 * object, so trimming may run beside appending; the figures are read without it.
 */
public final class LocalWal implements ShardLog {
  private final Disk disk;
  private final Path directory;
  private final int segmentBytes;
  private final List<Segment> sealed = new ArrayList<>();
  private WalSegmentWriter active;
  private IOException failure;
  private volatile long lastSequence;
  private volatile long durableSequence;
  private volatile long bytes;
  private volatile int segments;

  private LocalWal(Disk disk, Path directory, int segmentBytes) {
    this.disk = disk;
    this.directory = directory;
    this.segmentBytes = segmentBytes;
  }

  /**
   * Opens the log in a directory that exists, cutting off a torn tail.
   *
   * @param segmentBytes size from which a new segment is started
   * @param startAfter sequence behind which an empty log begins
   * @throws StoreException CORRUPT if acknowledged records are damaged
   */
  public static LocalWal open(Disk disk, Path directory, int segmentBytes, long startAfter)
      throws IOException {
    LocalWal log = new LocalWal(disk, directory, segmentBytes);
    WalRecovery.Result found = WalRecovery.recover(disk, directory);
    if (found.segments().isEmpty()) {
      if (startAfter > 0) {
        throw StoreException.corrupt(
            "%s: no log segment; the snapshot ends at sequence %d, and writes behind it are lost:"
                + " restore the dataset's directory from a backup",
            directory, startAfter);
      }
      log.active = WalSegmentWriter.create(disk, directory, 1);
    } else {
      int last = found.segments().size() - 1;
      Segment tail = found.segments().get(last);
      log.sealed.addAll(found.segments().subList(0, last));
      log.active = WalSegmentWriter.resume(disk, tail.path(), tail.firstSequence());
      // What was read back may still be in the page cache alone.
      log.active.sync();
    }
    log.lastSequence = found.lastSequence();
    log.durableSequence = found.lastSequence();
    log.count();
    return log;
  }

  @Override
  public synchronized long append(RecordType type, ByteBuffer payload) throws IOException {
    checkUsable();
    try {
      if (active.size() >= segmentBytes) {
        roll();
      }
      active.append(lastSequence + 1, durableSequence, type, payload);
    } catch (DiskFullException e) {
      if (e.getSuppressed().length > 0) {
        throw fail(e);
      }
      throw e;
    } catch (IOException e) {
      throw fail(e);
    }
    lastSequence++;
    count();
    return lastSequence;
  }

  @Override
  public synchronized void sync() throws IOException {
    checkUsable();
    if (durableSequence == lastSequence) {
      return;
    }
    try {
      active.sync();
    } catch (IOException e) {
      throw fail(e);
    }
    durableSequence = lastSequence;
  }

  /** Seals the active segment, durable as it is, and starts the next one. */
  private void roll() throws IOException {
    sync();
    WalSegmentWriter next = WalSegmentWriter.create(disk, directory, lastSequence + 1);
    sealed.add(new Segment(active.path(), active.firstSequence(), active.size()));
    active.close();
    active = next;
    count();
  }

  @Override
  public synchronized void replay(long from, Visitor visitor) throws IOException {
    List<Segment> all = new ArrayList<>(sealed);
    all.add(new Segment(active.path(), active.firstSequence(), active.size()));
    if (all.get(0).firstSequence() > from) {
      throw StoreException.corrupt(
          "%s: the log begins at sequence %d, sequence %d is missing",
          all.get(0).path(), all.get(0).firstSequence(), from);
    }
    for (int i = 0; i < all.size(); i++) {
      boolean isLast = i == all.size() - 1;
      long end = isLast ? lastSequence + 1 : all.get(i + 1).firstSequence();
      if (end > from) {
        replaySegment(all.get(i), end, from, visitor);
      }
    }
    if (lastSequence + 1 < from) {
      throw StoreException.corrupt(
          "%s: the log ends at sequence %d, but the snapshot holds everything up to %d",
          active.path(), lastSequence, from - 1);
    }
  }

  private void replaySegment(Segment segment, long end, long from, Visitor visitor)
      throws IOException {
    try (WalSegmentReader reader =
        WalSegmentReader.open(disk, segment.path(), segment.firstSequence())) {
      for (LogRecord record = reader.next(); record != null; record = reader.next()) {
        if (record.sequence() >= from) {
          visitor.accept(record);
        }
      }
      if (reader.fault() != null) {
        throw WalRecovery.fault(segment.path(), reader);
      }
      if (reader.expectedSequence() != end) {
        throw StoreException.corrupt(
            "%s: offset %d: ends at sequence %d, but the next segment begins at %d",
            segment.path(), reader.offset(), reader.expectedSequence() - 1, end);
      }
    }
  }

  @Override
  public synchronized void trim(long to) throws IOException {
    checkUsable();
    if (lastSequence <= to && active.size() > WalSegmentFormat.SEGMENT_HEADER_BYTES) {
      try {
        roll();
      } catch (DiskFullException e) {
        throw e;
      } catch (IOException e) {
        throw fail(e);
      }
    }
    while (!sealed.isEmpty()) {
      long next = sealed.size() > 1 ? sealed.get(1).firstSequence() : active.firstSequence();
      if (next > to + 1) {
        break;
      }
      disk.delete(sealed.get(0).path());
      sealed.remove(0);
    }
    disk.syncDirectory(directory);
    count();
  }

  private void count() {
    long sum = active.size();
    for (Segment segment : sealed) {
      sum += segment.size();
    }
    bytes = sum;
    segments = sealed.size() + 1;
  }

  private void checkUsable() throws IOException {
    if (failure != null) {
      throw new IOException("the log failed before: " + failure.getMessage(), failure);
    }
  }

  private IOException fail(IOException e) {
    if (failure == null) {
      failure = e;
    }
    return e;
  }

  @Override
  public long lastSequence() {
    return lastSequence;
  }

  @Override
  public long durableSequence() {
    return durableSequence;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public int segments() {
    return segments;
  }

  @Override
  public synchronized void close() throws IOException {
    active.close();
  }
}
