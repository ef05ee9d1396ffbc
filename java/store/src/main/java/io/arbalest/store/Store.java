package io.arbalest.store;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.KernelSet;
import io.arbalest.store.cache.QueryCache;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.OsDisk;
import io.arbalest.store.filter.FilterCache;
import io.arbalest.store.schema.SchemaFile;
import io.arbalest.store.shadow.ShadowSampler;
import io.arbalest.store.shard.IndexPool;
import io.arbalest.store.shard.Shard;
import io.arbalest.store.shard.ShardContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * All datasets of a directory, which this process has to itself while the store is open.
 * Thread-safe.
 *
 * <p>If one dataset is damaged the whole store refuses to open, naming the file: a dataset that is
 * silently absent would be created anew by its next writer.
 */
public final class Store implements AutoCloseable {
  private final DirectoryLock lock;
  private final DatasetDirectories directories;
  private final ShardContext context;
  private final ConcurrentSkipListMap<String, Dataset> datasets = new ConcurrentSkipListMap<>();
  private final ShadowSampler sampler;
  private boolean closed;

  private Store(DirectoryLock lock, DatasetDirectories directories, ShardContext context) {
    this.lock = lock;
    this.directories = directories;
    this.context = context;
    this.sampler = new ShadowSampler(context.options().shadow());
  }

  /**
   * Opens a data directory, and brings every dataset in it back: snapshot, then log.
   *
   * @throws StoreException UNAVAILABLE if another process has it open; CORRUPT naming the file if
   *     anything acknowledged is damaged
   */
  public static Store open(StoreOptions options) {
    return open(options, new OsDisk());
  }

  /** The same on another disk. */
  static Store open(StoreOptions options, Disk disk) {
    try {
      Files.createDirectories(options.directory());
      DirectoryLock lock = DirectoryLock.take(options.directory());
      try {
        KernelSet kernels =
            options.kernelSet() == null ? null : KernelSet.named(options.kernelSet());
        DatasetDirectories directories = DatasetDirectories.open(disk, options.directory());
        Store store = new Store(lock, directories, context(options, disk, kernels));
        store.openAll();
        return store;
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    } catch (IOException e) {
      throw failure(options.directory() + ": it could not be opened", e);
    }
  }

  private static ShardContext context(StoreOptions options, Disk disk, KernelSet kernels) {
    BufferAllocator allocator = new RootAllocator();
    ExecutorService snapshotThread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "arbalest-snapshot");
              thread.setDaemon(true);
              return thread;
            });
    return new ShardContext(
        options,
        disk,
        allocator,
        new IndexPool(options.indexThreads()),
        snapshotThread,
        kernels,
        new QueryCache(options.cache()),
        new FilterCache(options.filterCacheBytes(), options.subsetPrice()));
  }

  private void openAll() throws IOException {
    try {
      for (Path directory : directories.list()) {
        DatasetSpec spec = SchemaFile.read(directory);
        if (!directory.getFileName().toString().equals(spec.name())) {
          throw StoreException.corrupt(
              "%s: its schema.json is of dataset '%s'", directory, spec.name());
        }
        datasets.put(spec.name(), new Dataset(spec, Shard.open(context, directory, spec), sampler));
      }
    } catch (IOException | RuntimeException e) {
      closeShared(false);
      throw e;
    }
  }

  /**
   * Creates an empty dataset, durable when this returns.
   *
   * @throws StoreException ALREADY_EXISTS if there is one of that name
   */
  public synchronized Dataset create(DatasetSpec spec) {
    checkOpen();
    if (datasets.containsKey(spec.name())) {
      throw new StoreException(
          StoreException.Category.ALREADY_EXISTS,
          String.format("dataset '%s' exists already", spec.name()));
    }
    try {
      Path directory = directories.create(spec);
      Dataset dataset;
      try {
        dataset = new Dataset(spec, Shard.open(context, directory, spec), sampler);
      } catch (IOException | RuntimeException e) {
        directories.drop(spec.name());
        throw e;
      }
      datasets.put(spec.name(), dataset);
      return dataset;
    } catch (ArbalestException e) {
      throw StoreException.of(e);
    } catch (IOException e) {
      throw failure(String.format("dataset '%s': it could not be created", spec.name()), e);
    }
  }

  /**
   * The dataset of this name.
   *
   * @throws StoreException NOT_FOUND if there is none
   */
  public Dataset dataset(String name) {
    Dataset dataset = name == null ? null : datasets.get(name);
    if (dataset == null) {
      DatasetSpec.checkName(name);
      throw StoreException.notFound("dataset '%s' does not exist", name);
    }
    return dataset;
  }

  /** All datasets, ordered by name. */
  public List<Dataset> datasets() {
    return new ArrayList<>(datasets.values());
  }

  /**
   * Removes a dataset and its files. Calls that run finish first; later ones are refused.
   *
   * @throws StoreException NOT_FOUND if there is none
   */
  public synchronized void drop(String name) {
    checkOpen();
    Dataset dataset = dataset(name);
    datasets.remove(name);
    dataset.close(false);
    try {
      directories.drop(name);
    } catch (IOException e) {
      throw failure(String.format("dataset '%s': it could not be removed", name), e);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw StoreException.unavailable("the store is closed");
    }
  }

  private static StoreException failure(String what, IOException e) {
    return new StoreException(StoreException.Category.INTERNAL, what + ": " + e.getMessage(), e);
  }

  /**
   * Finishes what was acknowledged or waits to be, writes snapshots where they make the next start
   * faster, and frees everything. Further closes do nothing.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closeShared(true);
    try {
      lock.close();
    } catch (IOException e) {
      throw failure("the lock of the data directory could not be given back", e);
    }
  }

  private void closeShared(boolean takeSnapshots) {
    closed = true;
    sampler.stop();
    datasets.values().forEach(dataset -> dataset.close(takeSnapshots));
    datasets.clear();
    sampler.close();
    context.indexPool().close();
    context.snapshotThread().shutdown();
    context.filterCache().close();
    context.allocator().close();
  }
}
