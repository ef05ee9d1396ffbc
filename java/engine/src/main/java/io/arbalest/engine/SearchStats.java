package io.arbalest.engine;

/**
 * What a search call did, summed over its queries.
 *
 * @param visited graph nodes held against the query, by their distance or by a bound of it
 * @param tailScanned distances computed over rows that are not linked yet
 * @param hops nodes expanded on level 0
 */
public record SearchStats(long visited, long tailScanned, long hops) {}
