package io.arbalest.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The file operations that durability rests on, as a seam: the store runs on {@link OsDisk}, tests
 * on a disk that loses what was not synced. Paths are real paths in both. Thread-safe; operations
 * on one {@link DiskFile} are not.
 *
 * <p>What is durable: a file's bytes after {@link DiskFile#sync}; its name, a rename or a deletion
 * after {@link #syncDirectory} of the directory that holds the name.
 */
public interface Disk {
  /** Makes an empty file; fails if the name exists. */
  DiskFile create(Path file) throws IOException;

  /** Opens a file for reading and writing. */
  DiskFile open(Path file) throws IOException;

  /** Gives a file or directory another name in the same file system, in one step. */
  void rename(Path from, Path to) throws IOException;

  /** Removes a file. */
  void delete(Path file) throws IOException;

  /** Removes a directory and what is in it. Not in one step: rename it aside first. */
  void deleteTree(Path directory) throws IOException;

  /** Makes a directory; its parent exists. */
  void createDirectory(Path directory) throws IOException;

  /** Makes the names in a directory durable. */
  void syncDirectory(Path directory) throws IOException;

  /** What is in a directory, ordered by name. */
  List<Path> list(Path directory) throws IOException;

  /** Whether a file or directory exists. */
  boolean exists(Path path);

  /** Makes a small file with these bytes, durable but for its name. */
  default void writeFile(Path file, byte[] bytes) throws IOException {
    try (DiskFile out = create(file)) {
      out.append(ByteBuffer.wrap(bytes));
      out.sync();
    }
  }
}
