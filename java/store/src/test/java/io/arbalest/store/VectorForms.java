package io.arbalest.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.IntFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Vectors in and out in every form, against small whole numbers. */
final class VectorForms {
  private VectorForms() {}

  /** One vector of this component type. */
  static FixedSizeListVector vectors(BufferAllocator allocator, ArrowType type, int[] values) {
    FixedSizeListVector list = Batches.emptyVectors(allocator, "vector", type, values.length);
    list.allocateNew();
    list.setNotNull(0);
    FieldVector components = list.getDataVector();
    for (int i = 0; i < values.length; i++) {
      switch (components.getMinorType()) {
        case FLOAT2 -> ((Float2Vector) components).setSafe(i, Float16.toFloat16(values[i]));
        case FLOAT4 -> ((Float4Vector) components).setSafe(i, values[i]);
        case FLOAT8 -> ((Float8Vector) components).setSafe(i, values[i]);
        case TINYINT -> ((TinyIntVector) components).setSafe(i, values[i]);
        case UINT1 -> ((UInt1Vector) components).setSafe(i, values[i]);
        default -> throw new IllegalArgumentException(type.toString());
      }
    }
    components.setValueCount(values.length);
    list.setValueCount(1);
    return list;
  }

  static void assertScan(
      Dataset dataset, VectorsAs form, BufferAllocator allocator, IntFunction<int[]> expected) {
    ScanRequest request = new ScanRequest(null, List.of(), form, Long.MAX_VALUE);
    try (ScanCursor cursor = dataset.scan(request, allocator)) {
      assertThat(cursor.next()).isTrue();
      assertVectors(cursor.root(), form, expected);
      assertThat(cursor.root().getSchema()).isEqualTo(dataset.scanSchema(request));
      assertThat(cursor.next()).isFalse();
    }
  }

  static void assertSearch(
      Dataset dataset, VectorsAs form, BufferAllocator allocator, IntFunction<int[]> expected) {
    SearchRequest request = SearchRequest.like(0L, 100).with().vectorsAs(form).build();
    try (SearchAnswer answer = dataset.search(request, allocator)) {
      assertThat(answer.root().getRowCount()).isEqualTo((int) dataset.rowCount());
      assertVectors(answer.root(), form, expected);
      assertThat(answer.root().getSchema()).isEqualTo(dataset.searchSchema(request));
    }
  }

  private static void assertVectors(
      VectorSchemaRoot root, VectorsAs form, IntFunction<int[]> expected) {
    assertThat(root.getVector("vector") == null).isEqualTo(form == VectorsAs.NONE);
    for (int row = 0; row < root.getRowCount() && form != VectorsAs.NONE; row++) {
      int[] values = expected.apply((int) ((BigIntVector) root.getVector("id")).get(row));
      FieldVector vector = root.getVector("vector");
      assertThat(vector.isNull(row)).isFalse();
      for (int i = 0; i < values.length; i++) {
        float found = component(vector, form, row, i, values.length);
        // whole numbers are exact but for the quantised form, whose step is 127 / 255
        assertThat(found).isCloseTo(values[i], within(form == VectorsAs.SQ8 ? 0.26f : 0f));
      }
    }
  }

  private static float component(
      FieldVector vector, VectorsAs form, int row, int i, int dimension) {
    int at = row * dimension + i;
    return switch (form) {
      case FLOAT16 -> Float16.toFloat(((Float2Vector) components(vector)).get(at));
      case FLOAT32 -> ((Float4Vector) components(vector)).get(at);
      case SQ8 -> {
        StructVector struct = (StructVector) vector;
        assertThat(vector.getField().getMetadata()).containsEntry("arbalest.encoding", "sq8");
        float scale = ((Float4Vector) struct.getChild("scale")).get(row);
        float offset = ((Float4Vector) struct.getChild("offset")).get(row);
        UInt1Vector codes = (UInt1Vector) components(struct.getChild("codes"));
        yield offset + scale * (codes.get(at) & 0xFF);
      }
      case NONE -> throw new IllegalArgumentException();
    };
  }

  private static FieldVector components(FieldVector vector) {
    return ((FixedSizeListVector) vector).getDataVector();
  }
}
