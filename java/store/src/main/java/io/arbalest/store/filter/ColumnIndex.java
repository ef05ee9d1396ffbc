package io.arbalest.store.filter;

import java.util.Set;

/**
 * What the index of a column is and takes.
 *
 * @param column its name
 * @param index what was asked for
 * @param kinds what its segments are: several where its data changed, none below 1,024 rows
 * @param bytes of memory, estimated
 */
public record ColumnIndex(String column, IndexKind index, Set<IndexKind> kinds, long bytes) {}
