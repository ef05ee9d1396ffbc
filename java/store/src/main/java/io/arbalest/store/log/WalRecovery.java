package io.arbalest.store.log;

import io.arbalest.store.StoreException;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what a log directory holds after a crash. A torn tail of the last segment is cut off:
 * nobody was told that it is durable. Anything else that is missing or broken is refused.
 */
final class WalRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(WalRecovery.class);

  /** A segment file and the sequence of its first record. */
  record Segment(Path path, long firstSequence, long size) {}

  /** Segments in order, none if there is no log yet, and the sequence of the last record. */
  record Result(List<Segment> segments, long lastSequence) {}

  private WalRecovery() {}

  static Result recover(Disk disk, Path directory) throws IOException {
    List<Segment> segments = list(disk, directory);
    if (!segments.isEmpty() && removeTornCreation(disk, directory, last(segments))) {
      segments.remove(segments.size() - 1);
    }
    if (segments.isEmpty()) {
      return new Result(segments, 0);
    }
    return new Result(segments, scanTail(disk, last(segments)));
  }

  private static List<Segment> list(Disk disk, Path directory) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (Path file : disk.list(directory)) {
      long firstSequence =
          WalSegmentFormat.firstSequence(file)
              .orElseThrow(() -> StoreException.corrupt("%s: not a log segment; remove it", file));
      segments.add(new Segment(file, firstSequence, size(disk, file)));
    }
    return segments;
  }

  private static Segment last(List<Segment> segments) {
    return segments.get(segments.size() - 1);
  }

  /** A new segment's header is synced before its first record is written: a torn one has none. */
  private static boolean removeTornCreation(Disk disk, Path directory, Segment segment)
      throws IOException {
    if (segment.size() > WalSegmentFormat.SEGMENT_HEADER_BYTES) {
      return false;
    }
    try (WalSegmentReader reader =
        WalSegmentReader.open(disk, segment.path(), segment.firstSequence())) {
      if (!reader.headerIsFaulty()) {
        return false;
      }
    }
    LOG.warn("{}: removing a segment whose creation a crash cut short", segment.path());
    disk.delete(segment.path());
    disk.syncDirectory(directory);
    return true;
  }

  private static long scanTail(Disk disk, Segment segment) throws IOException {
    try (WalSegmentReader reader =
        WalSegmentReader.open(disk, segment.path(), segment.firstSequence())) {
      LogRecord record;
      do {
        record = reader.next();
      } while (record != null);
      if (reader.fault() != null) {
        if (reader.headerIsFaulty() || reader.faultIsIntact() || reader.faultWasDurable()) {
          throw fault(segment.path(), reader);
        }
        cutTail(disk, segment.path(), reader);
      }
      return reader.expectedSequence() - 1;
    }
  }

  private static void cutTail(Disk disk, Path path, WalSegmentReader reader) throws IOException {
    try (DiskFile file = disk.open(path)) {
      LOG.warn(
          "{}: cutting off a torn tail of {} bytes at offset {} ({}); its writes were not"
              + " acknowledged as durable",
          path,
          file.size() - reader.offset(),
          reader.offset(),
          reader.fault());
      file.truncate(reader.offset());
      file.sync();
    }
  }

  /** The refusal of a segment whose faulty record is not a torn tail. */
  static StoreException fault(Path path, WalSegmentReader reader) {
    return StoreException.corrupt(
        "%s: offset %d: %s; acknowledged writes from sequence %d on are damaged:"
            + " restore the dataset's directory from a backup",
        path, reader.offset(), reader.fault(), reader.expectedSequence());
  }

  private static long size(Disk disk, Path file) throws IOException {
    try (DiskFile open = disk.open(file)) {
      return open.size();
    }
  }
}
