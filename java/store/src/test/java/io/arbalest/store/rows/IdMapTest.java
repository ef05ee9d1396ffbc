package io.arbalest.store.rows;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.TestAllocator;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(TestAllocator.class)
class IdMapTest {
  private static final Field ID =
      new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), null);

  /** With a hash of so few bits that nearly every id collides, and with the real one. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 64})
  void aMapOfTextsAgreesWithAHashMapHoweverPoorTheHash(int bits, BufferAllocator allocator) {
    long mask = bits == 64 ? -1 : (1L << bits) - 1;
    Map<String, Integer> model = new HashMap<>();
    Random random = new Random(bits);
    try (Utf8Column column = new Utf8Column(ID, allocator)) {
      Utf8IdMap map =
          new Utf8IdMap(
              column, (bytes, start, length) -> Utf8IdMap.hash(bytes, start, length) & mask);
      for (int row = 0; row < 3000; row++) {
        String id = "id-" + random.nextInt(40) + "\u00e9".repeat(random.nextInt(3));
        try (VarCharVector one = vector(allocator, id)) {
          column.append(one, row);
          assertThat(map.put(row)).isEqualTo(orNone(model.put(id, row)));
        }
        String gone = "id-" + random.nextInt(40);
        if (random.nextBoolean()) {
          try (VarCharVector one = vector(allocator, gone)) {
            assertThat(map.remove(one, 0)).isEqualTo(orNone(model.remove(gone)));
          }
        }
        assertThat(map.find(gone)).isEqualTo(orNone(model.get(gone)));
        assertThat(map.find(id)).isEqualTo(orNone(model.get(id)));
        assertThat(map.size()).isEqualTo(model.size());
      }
      for (String id : List.copyOf(model.keySet())) {
        assertThat(map.find(id)).isEqualTo(model.get(id));
      }
    }
  }

  private static int orNone(Integer row) {
    return row == null ? IdMap.NONE : row;
  }

  private static VarCharVector vector(BufferAllocator allocator, String id) {
    VarCharVector vector = new VarCharVector("id", allocator);
    vector.allocateNew();
    vector.setSafe(0, id.getBytes(StandardCharsets.UTF_8));
    vector.setValueCount(1);
    return vector;
  }
}
