package io.arbalest.store.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A disk that keeps its promises and nothing more. It works on real files, and remembers of each
 * what was synced. {@link #powerFailsAfter} makes every operation from a point on fail; {@link
 * #restart} then leaves what a disk may leave: synced bytes, and of the others some, torn; synced
 * names, and of later renames, creations and deletions in a directory the first few.
 */
public final class SimulatedDisk implements Disk {
  private static final int SECTOR_BYTES = 512;

  private final OsDisk real = new OsDisk();
  private final Path graveyard;
  private final Random random;
  private final Map<Object, byte[]> synced = new HashMap<>(); // by file key; absent: never
  private final Map<Path, Deque<Undo>> unsyncedNames = new HashMap<>();
  private long operationsLeft = Long.MAX_VALUE;
  private long bytesLeft = Long.MAX_VALUE;
  private boolean syncFails;
  private int graves;
  private long operations;

  /** Takes back an operation on a name. */
  @FunctionalInterface
  private interface Undo {
    void run() throws IOException;
  }

  /**
   * @param graveyard an empty directory on the same file system, where deleted files wait
   */
  public SimulatedDisk(Path graveyard, long seed) {
    this.graveyard = graveyard;
    this.random = new Random(seed);
  }

  /** After this many operations the power fails. */
  public synchronized void powerFailsAfter(long more) {
    operationsLeft = more;
  }

  /** Whether the power has failed. */
  public synchronized boolean powerFailed() {
    return operationsLeft <= 0;
  }

  /** There is room for this many more bytes. */
  public synchronized void roomFor(long bytes) {
    bytesLeft = bytes;
  }

  /** Whether syncs of files fail, each losing what it should have made durable. */
  public synchronized void syncFails(boolean fails) {
    syncFails = fails;
  }

  /** Operations so far. */
  public synchronized long operations() {
    return operations;
  }

  private void operation() throws IOException {
    operations++;
    if (operationsLeft <= 0) {
      throw new IOException("the power has failed");
    }
    if (operationsLeft != Long.MAX_VALUE) {
      operationsLeft--;
    }
  }

  /** The power is back: loses what was not synced. Nothing has files of this disk open. */
  public synchronized void restart(Path root) throws IOException {
    List<Path> deepestFirst =
        unsyncedNames.keySet().stream()
            .sorted(Comparator.comparingInt(Path::getNameCount).reversed())
            .toList();
    for (Path directory : deepestFirst) {
      Deque<Undo> undos = unsyncedNames.get(directory);
      int kept = random.nextInt(undos.size() + 1);
      while (undos.size() > kept) {
        undos.removeLast().run();
      }
    }
    unsyncedNames.clear();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] durable = synced.get(key(file));
        if (durable != null) {
          Files.write(file, torn(durable, Files.readAllBytes(file)));
        }
      }
    }
    synced.clear(); // all that is left is durable
    operationsLeft = Long.MAX_VALUE;
    bytesLeft = Long.MAX_VALUE;
    syncFails = false;
  }

  /** What may be left of a file: of the bytes behind the durable ones some, some sectors zero. */
  private byte[] torn(byte[] durable, byte[] now) {
    int common = Math.min(durable.length, now.length);
    if (!Arrays.equals(durable, 0, common, now, 0, common)) {
      throw new IllegalStateException("durable bytes were overwritten in place");
    }
    byte[] longer = durable.length > now.length ? durable : now;
    int least = common;
    int length = least + random.nextInt(longer.length - least + 1);
    byte[] left = Arrays.copyOf(longer, length);
    for (int at = least; at < length; at += SECTOR_BYTES) {
      if (random.nextInt(4) == 0) {
        Arrays.fill(left, at, Math.min(length, at + SECTOR_BYTES), (byte) 0);
      }
    }
    return left;
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private void nameChanged(Path directory, Undo undo) {
    unsyncedNames.computeIfAbsent(directory, key -> new ArrayDeque<>()).add(undo);
  }

  @Override
  public synchronized DiskFile create(Path file) throws IOException {
    operation();
    DiskFile created = real.create(file);
    synced.put(key(file), new byte[0]);
    nameChanged(file.getParent(), () -> Files.delete(file));
    return new SimulatedFile(file, created);
  }

  @Override
  public synchronized DiskFile open(Path file) throws IOException {
    operation();
    if (!synced.containsKey(key(file))) {
      synced.put(key(file), Files.readAllBytes(file)); // it survived a restart
    }
    return new SimulatedFile(file, real.open(file));
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    operation();
    if (!Files.isRegularFile(to)) {
      real.rename(from, to);
      nameChanged(to.getParent(), () -> real.rename(to, from));
      return;
    }
    Path grave = graveyard.resolve("grave-" + graves++);
    Files.createLink(grave, to);
    real.rename(from, to); // in the place of the other, in one step
    nameChanged(
        to.getParent(),
        () -> {
          real.rename(to, from);
          Files.move(grave, to, StandardCopyOption.ATOMIC_MOVE);
        });
  }

  @Override
  public synchronized void delete(Path file) throws IOException {
    bury(file);
  }

  @Override
  public synchronized void deleteTree(Path directory) throws IOException {
    bury(directory);
  }

  private void bury(Path path) throws IOException {
    operation();
    Path grave = graveyard.resolve("grave-" + graves++);
    Files.move(path, grave, StandardCopyOption.ATOMIC_MOVE);
    unsyncedNames.keySet().removeIf(directory -> directory.startsWith(path));
    nameChanged(path.getParent(), () -> Files.move(grave, path, StandardCopyOption.ATOMIC_MOVE));
  }

  @Override
  public synchronized void createDirectory(Path directory) throws IOException {
    operation();
    real.createDirectory(directory);
    nameChanged(directory.getParent(), () -> real.deleteTree(directory));
  }

  @Override
  public synchronized void syncDirectory(Path directory) throws IOException {
    operation();
    unsyncedNames.remove(directory);
  }

  @Override
  public synchronized List<Path> list(Path directory) throws IOException {
    operation();
    return real.list(directory);
  }

  @Override
  public boolean exists(Path path) {
    return real.exists(path);
  }

  private final class SimulatedFile implements DiskFile {
    private final Path file;
    private final DiskFile open;
    private final Object key;

    SimulatedFile(Path file, DiskFile open) throws IOException {
      this.file = file;
      this.open = open;
      this.key = key(file);
    }

    @Override
    public void append(ByteBuffer... buffers) throws IOException {
      synchronized (SimulatedDisk.this) {
        byte[] bytes = join(buffers);
        int room = (int) Math.min(bytes.length, bytesLeft);
        try {
          operation();
        } catch (IOException e) {
          room = 0;
          throw e;
        } finally {
          open.append(ByteBuffer.wrap(bytes, 0, room));
        }
        bytesLeft -= bytesLeft == Long.MAX_VALUE ? 0 : room;
        if (room < bytes.length) {
          throw new DiskFullException(file + ": no room (simulated)", null);
        }
      }
    }

    private byte[] join(ByteBuffer... buffers) {
      int size = Arrays.stream(buffers).mapToInt(ByteBuffer::remaining).sum();
      ByteBuffer joined = ByteBuffer.allocate(size);
      for (ByteBuffer buffer : buffers) {
        joined.put(buffer);
      }
      return joined.array();
    }

    @Override
    public void read(ByteBuffer buffer, long offset) throws IOException {
      synchronized (SimulatedDisk.this) {
        operation();
        open.read(buffer, offset);
      }
    }

    @Override
    public long size() throws IOException {
      return open.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (SimulatedDisk.this) {
        operation();
        open.truncate(size);
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (SimulatedDisk.this) {
        operation();
        if (syncFails) {
          throw new IOException(file + ": input/output error (simulated)");
        }
        ByteBuffer all = ByteBuffer.allocate((int) open.size());
        open.read(all, 0);
        synced.put(key, all.array());
      }
    }

    @Override
    public void close() {
      try {
        open.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
