package io.arbalest.store;

/**
 * What an acknowledged delete knows.
 *
 * @param sequence the delete's place in the log
 * @param deleted how many of the ids lived
 * @param durable whether the delete is on the disk (false only with an interval {@link SyncMode})
 */
public record DeleteReceipt(long sequence, long deleted, boolean durable) {}
