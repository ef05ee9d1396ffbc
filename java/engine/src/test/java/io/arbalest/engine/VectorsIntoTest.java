package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stored vectors written into a caller's column, and casts row by row. */
@ExtendWith(NoLeaks.class)
class VectorsIntoTest {
  private static final int DIMENSION = 33;
  private static final int AT = 5;

  private static VectorIndex index(ElementType element) {
    VectorIndex index =
        VectorIndex.builder(DIMENSION).metric(Metric.L2).element(element).codes(Codes.NONE).build();
    index.append(TestVectors.ids(0, 20), TestVectors.gaussian(20, DIMENSION, 1));
    index.delete(7);
    return index;
  }

  private static FixedSizeListVector lists(BufferAllocator allocator, ArrowType type, int rows) {
    FixedSizeListVector lists = TestVectors.emptyLists(allocator, type, DIMENSION);
    lists.setInitialCapacity(rows);
    lists.getDataVector().setInitialCapacity(rows * DIMENSION);
    lists.allocateNew();
    return lists;
  }

  private static StructVector sq8(BufferAllocator allocator, int rows) {
    Field code = new Field("item", FieldType.notNullable(TestVectors.UINT8), null);
    Field codes =
        new Field(
            "codes", FieldType.notNullable(new ArrowType.FixedSizeList(DIMENSION)), List.of(code));
    FieldType number = FieldType.notNullable(TestVectors.FLOAT32);
    Field struct =
        new Field(
            "vector",
            FieldType.nullable(ArrowType.Struct.INSTANCE),
            List.of(new Field("scale", number, null), new Field("offset", number, null), codes));
    StructVector vector = (StructVector) struct.createVector(allocator);
    vector.setInitialCapacity(rows);
    vector.allocateNew();
    FixedSizeListVector list = (FixedSizeListVector) vector.getChild("codes");
    list.setInitialCapacity(rows);
    list.getDataVector().setInitialCapacity(rows * DIMENSION);
    list.allocateNew();
    return vector;
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void everyFormHoldsTheStoredVectors(ElementType element, BufferAllocator allocator) {
    float[][] rows = TestVectors.gaussian(20, DIMENSION, 1);
    try (VectorIndex index = index(element);
        BigIntVector ids = TestVectors.idVector(allocator, 3, 7, 19, 55);
        FixedSizeListVector halves = lists(allocator, TestVectors.FLOAT16, AT + 4);
        FixedSizeListVector floats = lists(allocator, TestVectors.FLOAT32, AT + 4);
        StructVector sq8 = sq8(allocator, AT + 4)) {
      assertThat(index.vectorsInto(ids, halves, AT)).isEqualTo(2);
      assertThat(index.vectorsInto(ids, floats, AT)).isEqualTo(2);
      assertThat(index.vectorsInto(ids, sq8, AT)).isEqualTo(2);
      List.of(halves, floats, sq8).forEach(column -> column.setValueCount(AT + 4));
      for (int i = 0; i < 4; i++) {
        long id = ids.get(i);
        boolean lives = id == 3 || id == 19;
        assertThat(halves.isNull(AT + i)).isEqualTo(!lives);
        assertThat(floats.isNull(AT + i)).isEqualTo(!lives);
        assertThat(sq8.isNull(AT + i)).isEqualTo(!lives);
        float scale = ((Float4Vector) sq8.getChild("scale")).get(AT + i);
        float offset = ((Float4Vector) sq8.getChild("offset")).get(AT + i);
        UInt1Vector codes =
            (UInt1Vector) ((FixedSizeListVector) sq8.getChild("codes")).getDataVector();
        for (int j = 0; lives && j < DIMENSION; j++) {
          int at = (AT + i) * DIMENSION + j;
          float wanted = rows[(int) id][j];
          float rounding = Math.abs(wanted) * 0x1p-11f;
          assertThat(TestVectors.component(halves.getDataVector(), at))
              .isCloseTo(wanted, within(rounding));
          assertThat(TestVectors.component(floats.getDataVector(), at))
              .isCloseTo(wanted, within(element == ElementType.FLOAT16 ? rounding : 0f));
          float decoded = offset + scale * Byte.toUnsignedInt(codes.get(at));
          assertThat(decoded).isCloseTo(wanted, within(scale / 2 + rounding + 1e-6f));
        }
      }
      assertThat(floats.isNull(AT - 1)).isTrue();
    }
  }

  @Test
  void aColumnWithoutRoomIsRefused(BufferAllocator allocator) {
    try (VectorIndex index = index(ElementType.FLOAT16);
        BigIntVector ids = TestVectors.idVector(allocator, 1, 2);
        FixedSizeListVector floats = lists(allocator, TestVectors.FLOAT32, 1);
        FixedSizeListVector doubles = lists(allocator, TestVectors.FLOAT64, 2)) {
      assertThatThrownBy(() -> index.vectorsInto(ids, floats, 1000))
          .isInstanceOf(ArbalestException.class)
          .hasMessageContaining("target: found a buffer of");
      assertThatThrownBy(() -> index.vectorsInto(ids, doubles, 0))
          .isInstanceOf(ArbalestException.class)
          .hasMessageContaining("target components: format: found \"g\"");
    }
  }

  @Test
  void aBadVectorSpoilsNoOther(BufferAllocator allocator) {
    float[][] rows = TestVectors.gaussian(5, DIMENSION, 2);
    rows[1][4] = Float.NaN;
    rows[3][0] = 1e9f;
    try (VectorIndex index = index(ElementType.FLOAT16);
        FixedSizeListVector vectors = TestVectors.lists(allocator, TestVectors.FLOAT32, rows);
        FixedSizeListVector few = TestVectors.lists(allocator, TestVectors.FLOAT32, rows)) {
      vectors.setNull(2);
      try (CastBatch cast = index.castRows(vectors, allocator)) {
        assertThat(cast.errorCount()).isEqualTo(3);
        assertThat(cast.error(0)).isNull();
        assertThat(cast.error(1))
            .isEqualTo("vector: component 4: found NaN; allowed finite values");
        assertThat(cast.error(2)).isEqualTo("vector: found null; allowed values");
        assertThat(cast.error(3)).startsWith("vector: component 0: found 1e+09; allowed");
        assertThat(cast.error(4)).isNull();
        for (int row = 0; row < rows.length; row++) {
          assertThat(cast.vectors().isNull(row)).isEqualTo(cast.error(row) != null);
        }
        float kept = TestVectors.component(cast.vectors().getDataVector(), 4 * DIMENSION + 9);
        assertThat(kept).isCloseTo(rows[4][9], within(Math.abs(rows[4][9]) * 0x1p-11f));
      }
      few.setValueCount(1);
      try (CastBatch cast = index.castRows(few, allocator)) {
        assertThat(cast.errorCount()).isZero();
        assertThat(cast.vectors().getValueCount()).isEqualTo(1);
      }
    }
  }
}
