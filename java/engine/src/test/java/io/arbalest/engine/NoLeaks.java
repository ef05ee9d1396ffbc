package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.internal.EngineMemory;
import io.arbalest.engine.internal.NativeHandle;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Fails a test that leaves Arrow memory or an open index behind, and gives it a {@link
 * BufferAllocator} parameter that must be empty at the end.
 */
public final class NoLeaks implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NoLeaks.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(NAMESPACE).put("leaks", NativeHandle.leaks());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    BufferAllocator allocator =
        context.getStore(NAMESPACE).remove("allocator", BufferAllocator.class);
    if (allocator != null) {
      allocator.close(); // throws if a vector was left open
    }
    assertThat(EngineMemory.allocatedBytes()).as("Arrow memory held by the engine").isZero();
    assertThat(NativeHandle.leaks())
        .as("indexes freed by the Cleaner")
        .isEqualTo(context.getStore(NAMESPACE).remove("leaks", Long.class));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == BufferAllocator.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent("allocator", key -> new RootAllocator(), BufferAllocator.class);
  }
}
