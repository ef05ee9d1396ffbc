package io.arbalest.engine.internal;

import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * An empty {@code ArrowSchema} and {@code ArrowArray} for one native call to fill. What the library
 * puts there is moved to the caller's allocator by an import, or released on close.
 */
public final class ArrowOutput implements AutoCloseable {
  private final ArrowSchema schema;
  private final ArrowArray array;

  ArrowOutput(BufferAllocator allocator) {
    this.schema = ArrowSchema.allocateNew(allocator);
    this.array = ArrowArray.allocateNew(allocator);
  }

  /** Address of the {@code ArrowSchema}. */
  public long schema() {
    return schema.memoryAddress();
  }

  /** Address of the {@code ArrowArray}. */
  public long array() {
    return array.memoryAddress();
  }

  /** The struct as a root, accounted to {@code target}; no byte is copied. */
  public VectorSchemaRoot importRoot(BufferAllocator target) {
    VectorSchemaRoot root =
        VectorSchemaRoot.create(Data.importSchema(target, schema, null, false), target);
    boolean done = false;
    try {
      Data.importIntoVectorSchemaRoot(target, array, root, null, false);
      done = true;
      return root;
    } finally {
      if (!done) {
        root.close(); // the target's limit was in the way
      }
    }
  }

  /** The lists as a vector, accounted to {@code target}; no byte is copied. */
  public FixedSizeListVector importLists(BufferAllocator target) {
    return (FixedSizeListVector) Data.importVector(target, array, schema, null, false);
  }

  @Override
  public void close() {
    if (array.snapshot().release != 0) {
      array.release();
    }
    array.close();
    if (schema.snapshot().release != 0) {
      schema.release();
    }
    schema.close();
  }
}
