package io.arbalest.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory that goes with its user: on close, or when the process is stopped before that. */
public final class ScratchDirectory implements AutoCloseable {

  private final Path path;
  private final Thread atExit = new Thread(this::delete, "scratch-directory");

  private ScratchDirectory(Path path) {
    this.path = path;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** A new directory in the system's own place for such. */
  public static ScratchDirectory temporary(String prefix) throws IOException {
    return in(Path.of(System.getProperty("java.io.tmpdir")), prefix);
  }

  /** A new directory in {@code parent}, which is made where it is missing. */
  public static ScratchDirectory in(Path parent, String prefix) throws IOException {
    return new ScratchDirectory(Files.createTempDirectory(Files.createDirectories(parent), prefix));
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    delete();
  }

  private void delete() {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + path, e);
    }
  }
}
