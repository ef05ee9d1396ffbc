package io.arbalest.store.snapshot;

import io.arbalest.engine.VectorIndex;
import io.arbalest.store.DatasetSpec;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFile;
import io.arbalest.store.rows.RowStore;
import io.arbalest.store.snapshot.SnapshotFormat.FileSum;
import io.arbalest.store.snapshot.SnapshotFormat.Manifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/** Writes a dataset as it was at one sequence, while later writes go on. */
public final class SnapshotWriter {
  private final Disk disk;
  private final Path directory;
  private final BufferAllocator allocator;

  /**
   * @param directory of the dataset
   */
  public SnapshotWriter(Disk disk, Path directory, BufferAllocator allocator) {
    this.disk = disk;
    this.directory = directory;
    this.allocator = allocator;
  }

  /**
   * The moment to write: taken between two writes.
   *
   * @param spec the columns to write
   * @param sequence the last write applied
   * @param rows rows written up to it
   * @param live rows that live after it
   * @param deleted which rows are deleted, one bit a row
   */
  public record Moment(DatasetSpec spec, long sequence, int rows, int live, long[] deleted) {}

  /** Makes the log durable as far as it is applied. */
  @FunctionalInterface
  public interface LogSync {
    void run() throws IOException;
  }

  /**
   * Writes a snapshot and puts it in the place of any older one.
   *
   * <p>The index is saved with deletions that may be later than the moment. Their writes follow in
   * the log, which {@code logSync} makes durable before the snapshot counts; so a restart deletes
   * the same rows again, which changes nothing.
   *
   * @return its bytes
   */
  public long write(Moment moment, VectorIndex index, RowStore rows, LogSync logSync)
      throws IOException {
    Path target = directory.resolve(SnapshotFormat.directoryName(moment.sequence()));
    Path unfinished =
        target.resolveSibling(target.getFileName() + SnapshotFormat.UNFINISHED_SUFFIX);
    for (Path left : List.of(unfinished, target)) { // by an attempt that failed
      if (disk.exists(left)) {
        disk.deleteTree(left);
      }
    }
    disk.createDirectory(unfinished);
    try {
      long bytes = writeFiles(unfinished, moment, index, rows, logSync);
      disk.rename(unfinished, target);
      disk.syncDirectory(directory);
      return bytes;
    } catch (IOException | RuntimeException e) {
      removeUnfinished(unfinished, e);
      throw e;
    }
  }

  /** Half a snapshot would keep room on a disk that is perhaps full. */
  private void removeUnfinished(Path unfinished, Exception failure) {
    try {
      if (disk.exists(unfinished)) {
        disk.deleteTree(unfinished);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private long writeFiles(
      Path unfinished, Moment moment, VectorIndex index, RowStore rows, LogSync logSync)
      throws IOException {
    Map<String, FileSum> files = new LinkedHashMap<>();
    Path indexFile = unfinished.resolve(SnapshotFormat.INDEX);
    index.save(indexFile, moment.rows());
    logSync.run();
    files.put(SnapshotFormat.INDEX, new FileSum(Files.size(indexFile), null));
    files.put(SnapshotFormat.ROWS, writeRows(unfinished, moment, rows));
    files.put(SnapshotFormat.DELETED, writeDeleted(unfinished, moment.deleted()));
    Manifest manifest =
        new Manifest(
            SnapshotFormat.VERSION, moment.sequence(), moment.rows(), moment.live(), files);
    disk.writeFile(
        unfinished.resolve(SnapshotFormat.MANIFEST),
        SnapshotFormat.JSON.writeValueAsBytes(manifest));
    disk.syncDirectory(unfinished);
    return files.values().stream().mapToLong(FileSum::bytes).sum();
  }

  private FileSum writeRows(Path unfinished, Moment moment, RowStore rows) throws IOException {
    int count = moment.rows();
    try (DiskFile file = disk.create(unfinished.resolve(SnapshotFormat.ROWS));
        VectorSchemaRoot root =
            VectorSchemaRoot.create(SnapshotFormat.rowsSchema(moment.spec()), allocator)) {
      SummingChannel channel = new SummingChannel(file);
      try (ArrowFileWriter writer = new ArrowFileWriter(root, null, channel)) {
        writer.start();
        for (int first = 0; first < count; first += SnapshotFormat.BATCH_ROWS) {
          fill(root, rows, first, Math.min(SnapshotFormat.BATCH_ROWS, count - first));
          writer.writeBatch();
        }
        writer.end();
      }
      file.sync();
      return channel.sum();
    }
  }

  private static void fill(VectorSchemaRoot root, RowStore rows, int first, int count) {
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = first + i;
    }
    root.allocateNew();
    rows.gatherIds(numbers, count, root.getVector(0), 0);
    for (int column = 1; column < root.getFieldVectors().size(); column++) {
      rows.gather(column - 1, numbers, count, root.getVector(column), 0);
    }
    root.setRowCount(count);
  }

  private FileSum writeDeleted(Path unfinished, long[] words) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(words);
    try (DiskFile file = disk.create(unfinished.resolve(SnapshotFormat.DELETED))) {
      SummingChannel channel = new SummingChannel(file);
      channel.write(bytes);
      file.sync();
      return channel.sum();
    }
  }
}
