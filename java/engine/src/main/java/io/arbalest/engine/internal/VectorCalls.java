package io.arbalest.engine.internal;

import io.arbalest.engine.CastBatch;
import io.arbalest.engine.ElementType;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/** The calls that give vectors, stored or cast; {@code VectorIndex} says what they promise. */
public final class VectorCalls {
  private VectorCalls() {}

  /** The stored vectors of ids, as a new column. */
  public static FixedSizeListVector stored(
      NativeHandle handle,
      BigIntVector ids,
      BufferAllocator allocator,
      ElementType element,
      int dimension) {
    try (CallScope scope = new CallScope()) {
      long array = scope.borrow("ids", ids);
      long schema = scope.idsSchema();
      ArrowOutput out = scope.output();
      handle.call(
          index -> Native.arb_index_vectors(index, schema, array, out.schema(), out.array()));
      return out.lists(allocator, element, dimension);
    }
  }

  /** The stored vectors of ids, into a column of the caller's. */
  public static long storedInto(NativeHandle handle, BigIntVector ids, FieldVector target, int at) {
    try (CallScope scope = new CallScope()) {
      long array = scope.borrow("ids", ids);
      long idsSchema = scope.idsSchema();
      long schema = scope.targetSchema(target);
      long column = scope.target(target, at, ids.getValueCount());
      ArrowBuf missing = scope.memory(8);
      handle.call(
          index ->
              Native.arb_index_vectors_into(
                  index, idsSchema, array, schema, column, missing.memoryAddress()));
      return missing.getLong(0);
    }
  }

  /** Vectors as the index would store them. */
  public static FixedSizeListVector cast(
      NativeHandle handle,
      FixedSizeListVector vectors,
      BufferAllocator allocator,
      ElementType element,
      int dimension) {
    try (CallScope scope = new CallScope()) {
      long array = scope.borrow("vectors", vectors);
      long schema = scope.schema("vectors", vectors);
      ArrowOutput out = scope.output();
      handle.call(index -> Native.arb_index_cast(index, schema, array, out.schema(), out.array()));
      return out.lists(allocator, element, dimension);
    }
  }

  /** The same, with a message for each bad one. */
  public static CastBatch castRows(
      NativeHandle handle,
      FixedSizeListVector vectors,
      BufferAllocator allocator,
      ElementType element,
      int dimension) {
    try (CallScope scope = new CallScope()) {
      long array = scope.borrow("vectors", vectors);
      long schema = scope.schema("vectors", vectors);
      ArrowOutput out = scope.output();
      handle.call(
          index -> Native.arb_index_cast_rows(index, schema, array, out.schema(), out.array()));
      return out.casts(allocator, element, dimension);
    }
  }
}
