package io.arbalest.store;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.filter.ColumnIndex;
import java.util.List;

/**
 * A dataset at one moment.
 *
 * @param name the dataset
 * @param state {@code ok}, {@code disk-full} (writes are turned away until there is room), {@code
 *     failed: reason} (writes are refused until the store is opened again) or {@code text-failed:
 *     reason} (searches by text are refused until one of them has opened the index again)
 * @param metric how distances are measured
 * @param element how components are kept
 * @param idType type of the ids
 * @param dimension components of a vector
 * @param rows rows written, replaced and deleted ones included
 * @param live rows that a search can return
 * @param pending rows that are not in the graph yet: found by a scan
 * @param sequence the last write applied
 * @param durableSequence every write up to this one is on the disk
 * @param indexedSequence every write up to this one is in the graph
 * @param snapshotSequence every write up to this one is in the snapshot; 0: there is none
 * @param queuedWrites writes waiting for the log
 * @param walBytes bytes of the log's segments
 * @param walSegments how many segments the log has
 * @param columnBytes memory of ids and metadata columns
 * @param idMapBytes memory of the map from ids to rows, estimated
 * @param metadataIndexBytes memory of the indexes of metadata columns, estimated
 * @param vectorBytes memory of the vectors
 * @param codeBytes memory of the codes that searches read; 0 without
 * @param graphBytes memory of the graph
 * @param overlayLists neighbor lists changed since the last freeze
 * @param m links a node; level 0 has twice as many
 * @param efConstruction breadth of construction
 * @param levelMax highest level of the graph
 * @param kernelSet name of the kernel set in use
 * @param nativeArithmetic whether traversal sums in FP16 (drained)
 * @param sync when the log reaches the disk
 * @param syncs how often the log was synced since the dataset was opened
 * @param syncNanos how long those syncs took together, in nanoseconds
 * @param textDiskBytes bytes of the text index's files; 0 without text columns
 * @param textMemoryBytes memory of the text index for what is not in its files yet; its files are
 *     mapped
 * @param metadataIndexes the index of each metadata column
 * @param cache what the cache of answers does for it
 * @param filterCache what the cache of filters does for it
 * @param shadow the recall that checks of its answers have shown
 */
public record DatasetStatus(
    String name,
    String state,
    Metric metric,
    ElementType element,
    IdType idType,
    int dimension,
    long rows,
    long live,
    long pending,
    long sequence,
    long durableSequence,
    long indexedSequence,
    long snapshotSequence,
    int queuedWrites,
    long walBytes,
    int walSegments,
    long columnBytes,
    long idMapBytes,
    long metadataIndexBytes,
    long vectorBytes,
    long codeBytes,
    long graphBytes,
    long overlayLists,
    int m,
    int efConstruction,
    int levelMax,
    String kernelSet,
    boolean nativeArithmetic,
    String sync,
    long syncs,
    long syncNanos,
    long textDiskBytes,
    long textMemoryBytes,
    List<ColumnIndex> metadataIndexes,
    CacheStatus cache,
    FilterCacheStatus filterCache,
    ShadowStatus shadow) {}
