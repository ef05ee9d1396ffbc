package io.arbalest.client;

import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A dataset as the server lists it.
 *
 * @param name its name
 * @param schema {@code id}, {@code vector}, then the metadata columns
 * @param rows rows that a search can return
 */
public record DatasetInfo(String name, Schema schema, long rows) {}
