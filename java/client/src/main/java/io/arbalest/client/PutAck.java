package io.arbalest.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The acknowledgement of one batch.
 *
 * @param sequence the batch's place in the dataset's log
 * @param durable whether the batch is on the disk; false only where the server runs with an
 *     interval sync
 * @param indexedSequence every batch up to this one is in the graph; later ones are found by a scan
 * @param slowDown whether the server asks for a slower pace
 */
public record PutAck(long sequence, boolean durable, long indexedSequence, boolean slowDown) {
  static PutAck of(JsonNode json) {
    return new PutAck(
        json.path("sequence").asLong(),
        json.path("durable").asBoolean(),
        json.path("indexed_sequence").asLong(),
        json.path("slow_down").asBoolean());
  }
}
