package io.arbalest.store.shard;

import io.arbalest.engine.KernelSet;
import io.arbalest.store.StoreOptions;
import io.arbalest.store.cache.QueryCache;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.filter.FilterCache;
import java.util.concurrent.ExecutorService;
import org.apache.arrow.memory.BufferAllocator;

/**
 * What the datasets of a store share.
 *
 * @param options of the store
 * @param disk where the files are
 * @param allocator parent of each dataset's own
 * @param indexPool links rows
 * @param snapshotThread writes snapshots, one after the other
 * @param kernelSet searches; null: the best of this CPU
 * @param queryCache remembers answers
 * @param filterCache remembers what filters selected
 */
public record ShardContext(
    StoreOptions options,
    Disk disk,
    BufferAllocator allocator,
    IndexPool indexPool,
    ExecutorService snapshotThread,
    KernelSet kernelSet,
    QueryCache queryCache,
    FilterCache filterCache) {}
