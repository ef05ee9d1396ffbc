package io.arbalest.store;

/**
 * What the cache of filters does for a dataset, since the dataset was opened.
 *
 * @param hits filters whose rows were ready
 * @param refreshes filters whose rows were brought up to date, the dataset having been written
 * @param misses filters whose rows were selected from the start
 * @param entries filters kept now
 * @param bytes memory of them and their rows
 * @param evictions filters given up for want of room
 * @param subsets how many of those kept have an index of their rows; its memory is among the bytes
 * @param subsetsDue how many such indexes are being built or wait to be
 * @param subsetBuilds how often such an index was built
 * @param subsetNanos how long that took together, in nanoseconds
 */
public record FilterCacheStatus(
    long hits,
    long refreshes,
    long misses,
    long entries,
    long bytes,
    long evictions,
    long subsets,
    long subsetsDue,
    long subsetBuilds,
    long subsetNanos) {}
