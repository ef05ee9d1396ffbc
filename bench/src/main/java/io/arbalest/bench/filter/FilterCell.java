package io.arbalest.bench.filter;

import io.arbalest.store.filter.Filter;
import java.util.BitSet;
import java.util.List;

/**
 * One line of the table: a filter, or one for each part of the queries.
 *
 * @param name the filter in words, with {@code P} for the pivot nearest to the query
 * @param kind how it stands to the vectors: {@code none}, {@code independent}, {@code correlated},
 *     {@code opposed} or {@code column}, of the data's own
 * @param parts each query is in one of them
 */
record FilterCell(String name, String kind, List<Part> parts) {
  /**
   * Queries that share a filter.
   *
   * @param queries their numbers
   * @param filter null for none
   * @param matches the rows that match, found without the store
   */
  record Part(int[] queries, Filter filter, BitSet matches) {}

  FilterCell {
    parts = List.copyOf(parts);
  }

  /** Rows that match, the mean over the queries. */
  double matching() {
    long queries = 0;
    long sum = 0;
    for (Part part : parts) {
      queries += part.queries().length;
      sum += (long) part.queries().length * part.matches().cardinality();
    }
    return (double) sum / queries;
  }
}
