package io.arbalest.server.flight;

import io.arbalest.store.SearchRequest;
import java.time.Duration;
import org.apache.arrow.vector.FieldVector;

/**
 * The search object of the wire.
 *
 * @param dataset its name
 * @param vectors queries; null if there are none in the object
 * @param options everything else, the id to search like among it
 */
record SearchTicket(String dataset, float[][] vectors, SearchRequest options) {
  /** The store's request with these queries; null for a search without vectors of its own. */
  SearchRequest request(FieldVector queries, FieldVector keys, Duration left) {
    return options.with().queries(queries).queryKeys(keys).timeout(left).build();
  }
}
