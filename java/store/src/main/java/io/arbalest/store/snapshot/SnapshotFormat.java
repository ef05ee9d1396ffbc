package io.arbalest.store.snapshot;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.arbalest.store.DatasetSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A snapshot is a directory {@code snapshot-<sequence, 20 digits>} of
 *
 * <pre>
 *   index.arb      vectors and graph, written and checked by the engine
 *   rows.arrow     ids and metadata columns of every row, deleted ones included: an Arrow IPC file
 *   deleted.bits   which rows are deleted: little-endian words of 64 bits
 *   manifest.json  what the others should hold; written last
 * </pre>
 *
 * It is written under the same name with {@code .tmp} behind it, and renamed when all is durable.
 */
final class SnapshotFormat {
  static final int VERSION = 1;
  static final String INDEX = "index.arb";
  static final String ROWS = "rows.arrow";
  static final String DELETED = "deleted.bits";
  static final String MANIFEST = "manifest.json";
  static final String UNFINISHED_SUFFIX = ".tmp";

  /** Rows of one record batch of {@link #ROWS}. */
  static final int BATCH_ROWS = 16_384;

  static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final Pattern NAME = Pattern.compile("snapshot-([0-9]{20})");

  private SnapshotFormat() {}

  /**
   * What a snapshot holds.
   *
   * @param formatVersion {@link #VERSION}
   * @param sequence every write up to this one
   * @param rows rows written, deleted ones included
   * @param live rows that live
   * @param files the checked files by name
   */
  record Manifest(
      int formatVersion, long sequence, int rows, int live, Map<String, FileSum> files) {}

  /** The size of a file and its CRC32C in hexadecimal; without it where the engine has its own. */
  record FileSum(long bytes, String crc32c) {}

  static String directoryName(long sequence) {
    return String.format("snapshot-%020d", sequence);
  }

  /** The sequence that a directory's name tells; empty if it is not a finished snapshot's name. */
  static Optional<Long> sequence(Path directory) {
    Matcher matcher = NAME.matcher(directory.getFileName().toString());
    return matcher.matches() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
  }

  /** The schema of {@link #ROWS}. */
  static Schema rowsSchema(DatasetSpec spec) {
    List<Field> fields = new ArrayList<>();
    fields.add(spec.idField());
    fields.addAll(spec.columns());
    return new Schema(fields);
  }
}
