package io.arbalest.store.snapshot;

import io.arbalest.store.disk.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The snapshot directories of a dataset. */
public final class Snapshots {
  private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);

  private Snapshots() {}

  /** The newest finished snapshot; a rename made it one, so it is whole. */
  public static Optional<Path> newest(Disk disk, Path directory) throws IOException {
    Path newest = null;
    for (Path path : disk.list(directory)) { // ordered by name, and the names by sequence
      if (SnapshotFormat.sequence(path).isPresent()) {
        newest = path;
      }
    }
    return Optional.ofNullable(newest);
  }

  /** Removes every snapshot but this one, and what a crash left of unfinished ones. */
  public static void removeOthers(Disk disk, Path directory, Path keep) throws IOException {
    for (Path path : disk.list(directory)) {
      boolean isUnfinished =
          path.getFileName().toString().endsWith(SnapshotFormat.UNFINISHED_SUFFIX);
      if (isUnfinished) {
        LOG.info("{}: removing an unfinished snapshot", path);
      }
      if (isUnfinished || SnapshotFormat.sequence(path).isPresent() && !path.equals(keep)) {
        disk.deleteTree(path);
      }
    }
  }

  /** Where the snapshot of a sequence is. */
  public static Path path(Path directory, long sequence) {
    return directory.resolve(SnapshotFormat.directoryName(sequence));
  }
}
