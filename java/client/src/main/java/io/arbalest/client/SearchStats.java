package io.arbalest.client;

/**
 * How the server answered.
 *
 * @param strategy {@code graph} or {@code exact}
 * @param visited rows held against the query, by their distance or by a bound of it
 * @param exhausted whether a query has fewer than {@code k} hits because fewer rows live
 * @param cached whether all of it comes from the server's cache, where nothing was visited
 */
public record SearchStats(String strategy, long visited, boolean exhausted, boolean cached) {}
