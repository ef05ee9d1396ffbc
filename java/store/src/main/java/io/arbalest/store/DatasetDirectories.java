package io.arbalest.store;

import io.arbalest.store.disk.Disk;
import io.arbalest.store.schema.SchemaFile;
import io.arbalest.store.shard.Shard;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directories of datasets, one each, under {@code datasets}. A directory gets its name when it
 * is complete and loses it before it is taken apart, in one step each; names with a dot in front
 * are such halves, and removed at the next start.
 */
final class DatasetDirectories {
  private static final Logger LOG = LoggerFactory.getLogger(DatasetDirectories.class);
  private static final String CREATING = ".creating-";
  private static final String DROPPED = ".dropped-";

  private final Disk disk;
  private final Path parent;

  private DatasetDirectories(Disk disk, Path parent) {
    this.disk = disk;
    this.parent = parent;
  }

  /** The directories in a data directory, without what a crash left half-made. */
  static DatasetDirectories open(Disk disk, Path dataDirectory) throws IOException {
    Path parent = dataDirectory.resolve("datasets");
    if (!disk.exists(parent)) {
      disk.createDirectory(parent);
      disk.syncDirectory(dataDirectory);
    }
    for (Path path : disk.list(parent)) {
      String name = path.getFileName().toString();
      if (name.startsWith(CREATING) || name.startsWith(DROPPED)) {
        LOG.info("{}: removing what a crash left", path);
        disk.deleteTree(path);
      }
    }
    return new DatasetDirectories(disk, parent);
  }

  /** The directories of all datasets. */
  List<Path> list() throws IOException {
    return new ArrayList<>(disk.list(parent));
  }

  Path of(String name) {
    return parent.resolve(name);
  }

  /** Makes a dataset's directory, durable when this returns. */
  Path create(DatasetSpec spec) throws IOException {
    Path unfinished = parent.resolve(CREATING + spec.name());
    if (disk.exists(unfinished)) {
      disk.deleteTree(unfinished); // of an attempt that failed in this process
    }
    disk.createDirectory(unfinished);
    disk.createDirectory(unfinished.resolve(Shard.WAL_DIRECTORY));
    SchemaFile.write(disk, unfinished, spec);
    disk.syncDirectory(unfinished);
    disk.rename(unfinished, of(spec.name()));
    disk.syncDirectory(parent);
    return of(spec.name());
  }

  /** Removes a dataset's directory; once this returns it does not come back. */
  void drop(String name) throws IOException {
    Path dropped = parent.resolve(DROPPED + name + "-" + System.nanoTime());
    disk.rename(of(name), dropped);
    disk.syncDirectory(parent);
    disk.deleteTree(dropped);
  }
}
