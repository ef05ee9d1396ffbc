package io.arbalest.server.flight;

import io.arbalest.store.SearchRequest;
import io.arbalest.store.VectorsAs;
import java.time.Duration;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/**
 * The search object of the wire.
 *
 * @param dataset its name
 * @param vectors queries; null if there are none in the object
 * @param likeId a {@code Long} or {@code String} id whose row is the query; or null
 * @param ef breadth; null leaves it to the store
 */
record SearchTicket(
    String dataset,
    float[][] vectors,
    Object likeId,
    int k,
    Integer ef,
    boolean exact,
    List<String> columns,
    VectorsAs vectorsAs,
    Duration timeout) {

  /** The store's request with these queries; both null for a search by id. */
  SearchRequest request(FieldVector queries, FieldVector keys, Duration left) {
    return new SearchRequest(
        queries, keys, queries == null ? likeId : null, k, ef, exact, columns, vectorsAs, left);
  }
}
