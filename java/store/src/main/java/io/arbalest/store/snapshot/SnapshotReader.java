package io.arbalest.store.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.OpenOptions;
import io.arbalest.engine.VectorIndex;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import io.arbalest.store.rows.RowStore;
import io.arbalest.store.snapshot.SnapshotFormat.FileSum;
import io.arbalest.store.snapshot.SnapshotFormat.Manifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.Field;

/** Reads a snapshot, refusing one that is not what its manifest says. */
public final class SnapshotReader {
  private static final int READ_BYTES = 1 << 20;

  private final Path directory;
  private final DatasetSpec spec;
  private final Manifest manifest;

  private SnapshotReader(Path directory, DatasetSpec spec, Manifest manifest) {
    this.directory = directory;
    this.spec = spec;
    this.manifest = manifest;
  }

  /**
   * Reads a snapshot's manifest and checks its files.
   *
   * @throws StoreException CORRUPT naming the file
   */
  public static SnapshotReader open(Path directory, DatasetSpec spec) throws IOException {
    Path file = directory.resolve(SnapshotFormat.MANIFEST);
    Manifest manifest;
    try {
      manifest = SnapshotFormat.JSON.readValue(Files.readAllBytes(file), Manifest.class);
    } catch (JsonProcessingException | NoSuchFileException e) {
      throw corrupt(file, e.getMessage());
    }
    if (manifest.formatVersion() != SnapshotFormat.VERSION) {
      throw corrupt(
          file,
          "format version "
              + manifest.formatVersion()
              + ", this program reads "
              + SnapshotFormat.VERSION);
    }
    if (!SnapshotFormat.directoryName(manifest.sequence())
        .equals(directory.getFileName().toString())) {
      throw corrupt(file, "sequence " + manifest.sequence() + " is not that of the directory");
    }
    SnapshotReader reader = new SnapshotReader(directory, spec, manifest);
    for (var entry : manifest.files().entrySet()) {
      reader.checkFile(directory.resolve(entry.getKey()), entry.getValue());
    }
    return reader;
  }

  private void checkFile(Path file, FileSum sum) throws IOException {
    if (!Files.exists(file)) {
      throw corrupt(file, "it is missing");
    }
    if (Files.size(file) != sum.bytes()) {
      throw corrupt(file, "found " + Files.size(file) + " bytes, the manifest says " + sum.bytes());
    }
    if (sum.crc32c() != null && !sum.crc32c().equals(crc(file))) {
      throw corrupt(file, "its checksum is " + crc(file) + ", the manifest says " + sum.crc32c());
    }
  }

  private static String crc(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
      while (channel.read(buffer) >= 0) {
        crc.update(buffer.flip());
        buffer.clear();
      }
    }
    return Integer.toHexString((int) crc.getValue());
  }

  /** Every write up to this one is in the snapshot. */
  public long sequence() {
    return manifest.sequence();
  }

  /** Bytes of its files. */
  public long bytes() {
    return manifest.files().values().stream().mapToLong(FileSum::bytes).sum();
  }

  /** Opens the index; the file is mapped, and may be deleted while it is. */
  public VectorIndex openIndex(OpenOptions options) {
    Path file = directory.resolve(SnapshotFormat.INDEX);
    VectorIndex index;
    try {
      index = VectorIndex.open(file, options);
    } catch (ArbalestException e) {
      throw new StoreException(StoreException.of(e).category(), file + ": " + e.getMessage(), e);
    }
    if (index.stats().rows() != manifest.rows() || index.dimension() != spec.dimension()) {
      index.close();
      throw corrupt(file, "it is not the index of this snapshot");
    }
    return index;
  }

  /** Adds every row of the snapshot to an empty store. */
  public void readRows(RowStore rows, BufferAllocator allocator) throws IOException {
    Path file = directory.resolve(SnapshotFormat.ROWS);
    try (FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      List<Field> fields = root.getSchema().getFields();
      List<Field> known = SnapshotFormat.rowsSchema(spec).getFields();
      // Columns that were added after the snapshot are null in its rows.
      if (fields.size() > known.size() || !fields.equals(known.subList(0, fields.size()))) {
        throw corrupt(file, "its schema is not that of the dataset: " + root.getSchema());
      }
      while (reader.loadNextBatch()) {
        var columns = root.getFieldVectors();
        rows.append(columns.get(0), columns.subList(1, columns.size()));
      }
    }
    if (rows.rows() != manifest.rows()) {
      throw corrupt(file, "found " + rows.rows() + " rows, the manifest says " + manifest.rows());
    }
    readDeleted(rows);
  }

  private void readDeleted(RowStore rows) throws IOException {
    Path file = directory.resolve(SnapshotFormat.DELETED);
    ByteBuffer words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (words.remaining() != (manifest.rows() + 63L) / 64 * Long.BYTES) {
      throw corrupt(file, "found " + words.remaining() + " bytes for " + rows.rows() + " rows");
    }
    for (int row = 0; row < rows.rows(); row++) {
      if ((words.getLong(row / 64 * Long.BYTES) >>> row & 1) != 0) {
        rows.delete(row);
      }
    }
    if (rows.liveRows() != manifest.live()) {
      throw corrupt(
          file, "found " + rows.liveRows() + " live rows, the manifest says " + manifest.live());
    }
  }

  private static StoreException corrupt(Path file, String what) {
    return StoreException.corrupt(
        "%s: %s; restore the dataset's directory from a backup", file, what);
  }
}
