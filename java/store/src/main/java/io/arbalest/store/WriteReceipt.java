package io.arbalest.store;

/**
 * What an acknowledged put knows.
 *
 * @param sequence the batch's place in the log; larger than that of every batch applied before
 * @param durable whether the batch is on the disk (false only with an interval {@link SyncMode})
 * @param indexedSequence every batch up to this one is in the graph; later ones are found by a scan
 * @param slowDown whether the dataset asks its writers for a slower pace
 */
public record WriteReceipt(
    long sequence, boolean durable, long indexedSequence, boolean slowDown) {}
