package io.arbalest.engine.internal;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.unsafe.UnsafeAllocationManager;

/**
 * The engine's own Arrow allocator: the root of every {@link CallScope}. It holds structs and
 * copies of {@code float[][]} for the length of a call, so between calls it is empty.
 */
public final class EngineMemory {
  // The plain allocator by name: with Netty's on the class path as well, Arrow's choice would
  // depend
  // on the path's order, and Netty's keeps arenas that a few structs do not need.
  private static final BufferAllocator ROOT =
      new RootAllocator(
          RootAllocator.configBuilder()
              .allocationManagerFactory(UnsafeAllocationManager.FACTORY)
              .build());

  private EngineMemory() {}

  static BufferAllocator allocator() {
    return ROOT;
  }

  /** Bytes that calls hold now. */
  public static long allocatedBytes() {
    return ROOT.getAllocatedMemory();
  }
}
