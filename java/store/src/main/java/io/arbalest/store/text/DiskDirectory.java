package io.arbalest.store.text;

import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NoLockFactory;
import org.apache.lucene.store.OutputStreamIndexOutput;

/**
 * Lucene's files on a {@link Disk}: written, synced, renamed and removed through it, read mapped.
 * No lock: the store holds the data directory.
 */
final class DiskDirectory extends FilterDirectory {
  private static final int BUFFER_BYTES = 64 << 10;

  private final Disk disk;
  private final Path directory;
  private final AtomicLong temporaries = new AtomicLong();

  /**
   * @param directory exists
   */
  DiskDirectory(Disk disk, Path directory) throws IOException {
    super(new MMapDirectory(directory, NoLockFactory.INSTANCE));
    this.disk = disk;
    this.directory = directory;
  }

  @Override
  public IndexOutput createOutput(String name, IOContext context) throws IOException {
    DiskFile file = disk.create(directory.resolve(name));
    return new OutputStreamIndexOutput(
        "'" + directory.resolve(name) + "'", name, new FileStream(file), BUFFER_BYTES);
  }

  @Override
  public IndexOutput createTempOutput(String prefix, String suffix, IOContext context)
      throws IOException {
    String number = Long.toString(temporaries.getAndIncrement(), Character.MAX_RADIX);
    return createOutput(
        IndexFileNames.segmentFileName(prefix, suffix + "_" + number, "tmp"), context);
  }

  @Override
  public void sync(Collection<String> names) throws IOException {
    for (String name : names) {
      try (DiskFile file = disk.open(directory.resolve(name))) {
        file.sync();
      }
    }
  }

  @Override
  public void syncMetaData() throws IOException {
    disk.syncDirectory(directory);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    disk.rename(directory.resolve(from), directory.resolve(to));
  }

  @Override
  public void deleteFile(String name) throws IOException {
    Path file = directory.resolve(name);
    if (!disk.exists(file)) {
      throw new NoSuchFileException(file.toString()); // as Lucene expects it
    }
    disk.delete(file);
  }

  /** A file as a stream that is written through. */
  private static final class FileStream extends OutputStream {
    private final DiskFile file;

    FileStream(DiskFile file) {
      this.file = file;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      file.append(ByteBuffer.wrap(bytes, from, count));
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
