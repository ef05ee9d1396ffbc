package io.arbalest.store.shard;

/**
 * How far writes are applied: one consistent picture, replaced as a whole after each write.
 *
 * @param sequence the last write
 * @param rows rows written up to it, deleted ones included
 * @param live rows that live after it
 */
public record Applied(long sequence, int rows, int live) {}
