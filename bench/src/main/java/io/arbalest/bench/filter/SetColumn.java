package io.arbalest.bench.filter;

import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** A metadata column of a {@link FilterSet}, whole in memory. */
sealed interface SetColumn {
  /** A column of text. */
  record Text(String name, String[] values) implements SetColumn {}

  /** A column of int32. */
  record Number(String name, int[] values) implements SetColumn {}

  String name();

  /** The column's field in a dataset's schema. */
  default Field field() {
    ArrowType type = this instanceof Text ? ArrowType.Utf8.INSTANCE : new ArrowType.Int(32, true);
    return new Field(name(), FieldType.nullable(type), null);
  }

  /** The values of some rows, for a put. */
  default FieldVector vector(int first, int count, BufferAllocator allocator) {
    FieldVector vector = field().createVector(allocator);
    vector.setInitialCapacity(count);
    vector.allocateNew();
    for (int i = 0; i < count; i++) {
      if (this instanceof Text text) {
        byte[] value = text.values()[first + i].getBytes(StandardCharsets.UTF_8);
        ((VarCharVector) vector).setSafe(i, value);
      } else {
        ((IntVector) vector).setSafe(i, ((Number) this).values()[first + i]);
      }
    }
    vector.setValueCount(count);
    return vector;
  }
}
