package io.arbalest.store;

/**
 * What the cache of answers does for a dataset, since the dataset was opened.
 *
 * @param hits searches answered from the cache
 * @param misses searches that were looked for there and not found
 * @param entries answers kept now
 * @param bytes memory of those answers and their queries
 * @param evictions answers given up for want of room or for their age
 * @param invalidations answers given up because the dataset was written
 */
public record CacheStatus(
    long hits, long misses, long entries, long bytes, long evictions, long invalidations) {}
