package io.arbalest.engine;

/**
 * What a search call did, summed over its queries.
 *
 * @param visited graph nodes held against the query, by their distance or by a bound of it
 * @param tailScanned rows scanned: those that are not linked yet, or all of an exact scan
 * @param hops nodes expanded on level 0
 * @param fallbacks queries that the graph could not fill, or not without more work than a scan of
 *     the matching rows is, and that such a scan answered
 */
public record SearchStats(long visited, long tailScanned, long hops, long fallbacks) {}
