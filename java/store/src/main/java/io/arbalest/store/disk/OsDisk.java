package io.arbalest.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/** The operating system's file system. */
public final class OsDisk implements Disk {
  @Override
  public DiskFile create(Path file) throws IOException {
    return new OsFile(
        file,
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new OsFile(
        file, FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.delete(file);
  }

  @Override
  public void deleteTree(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    Files.createDirectory(directory);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static final class OsFile implements DiskFile {
    private final Path file;
    private final FileChannel channel;

    OsFile(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    @Override
    public void append(ByteBuffer... buffers) throws IOException {
      long wanted = 0;
      for (ByteBuffer buffer : buffers) {
        wanted += buffer.remaining();
      }
      try {
        channel.position(channel.size());
        for (long written = 0; written < wanted; ) {
          written += channel.write(buffers);
        }
      } catch (IOException e) {
        throw isFull(e, wanted) ? new DiskFullException(file + ": " + e.getMessage(), e) : e;
      }
    }

    /**
     * Java has no type for ENOSPC. The message is the C library's, which another locale translates;
     * there the free space decides.
     */
    private boolean isFull(IOException failure, long wanted) throws IOException {
      String message = String.valueOf(failure.getMessage());
      return message.contains("No space left")
          || message.contains("quota exceeded")
          || Files.getFileStore(file).getUsableSpace() < wanted;
    }

    @Override
    public void read(ByteBuffer buffer, long offset) throws IOException {
      long position = offset;
      while (buffer.hasRemaining()) {
        int count = channel.read(buffer, position);
        if (count < 0) {
          throw new IOException(
              file + ": ends at offset " + position + ", " + buffer.remaining() + " bytes missing");
        }
        position += count;
      }
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      channel.force(false); // fdatasync: a file's size is data to it, its times are not
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
