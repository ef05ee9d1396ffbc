package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Opens and creates the files that the commands read and write; the name's end tells the format.
 */
public final class TableFiles {
  /** The column of ids. */
  public static final String ID = "id";

  /** The column of vectors; the only one of a file of vectors. */
  public static final String VECTOR = "vector";

  /** The column that names a query. */
  public static final String QUERY = "query";

  /**
   * What a batch aims at, in bytes: large enough to share a sync, small enough to be one message.
   */
  public static final int BATCH_BYTES = 2 << 20;

  private TableFiles() {}

  /**
   * Opens a file for reading.
   *
   * @throws IOException naming the file: unknown ending, unreadable, or not what its ending says
   */
  public static BatchSource open(Path path, BufferAllocator allocator) throws IOException {
    if (VectorFile.handles(path)) {
      return new VectorFileSource(path, allocator, BATCH_BYTES);
    }
    return switch (ending(path)) {
      case "arrow", "arrows" -> new ArrowSource(path, allocator);
      case "jsonl", "ndjson" -> new RecordSource(path, new JsonRecords(path), allocator);
      case "csv" -> new RecordSource(path, new CsvRecords(path), allocator);
      default -> throw unknown(path);
    };
  }

  /** Rows of a file where its head tells them; else -1. */
  public static long rows(BatchSource source) {
    return source instanceof VectorFileSource vectors ? vectors.rows() : -1;
  }

  /** Whether a file holds nothing but vectors. */
  public static boolean isVectorsOnly(Path path) {
    return VectorFile.handles(path);
  }

  /** Creates a file for writing; an existing one is replaced. */
  public static BatchWriter create(Path path) throws IOException {
    return switch (ending(path)) {
      case "fbin", "hbin", "npy" -> new VectorFileWriter(path, ending(path));
      case "arrow" -> new ArrowBatchWriter(path);
      case "jsonl", "ndjson" -> TextWriter.jsonLines(path);
      case "csv" -> TextWriter.csv(path);
      default -> throw unknown(path);
    };
  }

  private static String ending(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static IOException unknown(Path path) {
    return new IOException(
        path + ": unknown ending, allowed .npy, .fbin, .hbin, .arrow, .jsonl, .csv");
  }
}
