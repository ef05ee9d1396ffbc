package io.arbalest.client;

/**
 * The acknowledgement of a delete.
 *
 * @param sequence the delete's place in the dataset's log
 * @param deleted how many of the ids lived
 */
public record DeleteAck(long sequence, long deleted) {}
