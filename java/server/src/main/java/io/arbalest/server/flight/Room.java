package io.arbalest.server.flight;

import io.arbalest.server.Limits;
import io.arbalest.server.metrics.Metrics;
import io.arbalest.store.Store;
import org.apache.arrow.memory.BufferAllocator;

/**
 * What every handler works with.
 *
 * @param store the datasets
 * @param limits what is refused
 * @param metrics what is counted
 * @param allocator memory of all calls; each call takes a child of it and closes it at its end
 * @param threads where calls run
 */
record Room(
    Store store, Limits limits, Metrics metrics, BufferAllocator allocator, CallThreads threads) {
  /** Memory of one call; closing it finds what the call leaked. */
  BufferAllocator callAllocator(Call call) {
    return allocator.newChildAllocator(call.id(), 0, Long.MAX_VALUE);
  }
}
