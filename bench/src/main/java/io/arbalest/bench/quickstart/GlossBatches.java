package io.arbalest.bench.quickstart;

import io.arbalest.client.BatchSource;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Synsets and their embeddings as record batches: id, vector, pos, words, text, uses. */
final class GlossBatches implements BatchSource {

  private static final int BATCH_ROWS = 500;

  private final List<Synset> synsets;
  private final float[][] vectors;
  private final VectorSchemaRoot root;
  private int next;

  GlossBatches(List<Synset> synsets, float[][] vectors, BufferAllocator allocator) {
    this.synsets = synsets;
    this.vectors = vectors;
    ArrowType single = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    Field component = new Field("item", FieldType.notNullable(single), null);
    Field vector =
        new Field(
            "vector",
            FieldType.notNullable(new ArrowType.FixedSizeList(GlossEmbedder.DIMENSION)),
            List.of(component));
    root =
        VectorSchemaRoot.create(
            new Schema(
                List.of(
                    utf8("id"),
                    vector,
                    utf8("pos"),
                    utf8("words"),
                    utf8("text"),
                    new Field("uses", FieldType.notNullable(new ArrowType.Int(32, true)), null)),
                Map.of("arbalest.metric", "cosine")),
            allocator);
  }

  private static Field utf8(String name) {
    return new Field(name, FieldType.notNullable(ArrowType.Utf8.INSTANCE), null);
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() {
    int count = Math.min(BATCH_ROWS, synsets.size() - next);
    if (count <= 0) {
      return false;
    }
    root.clear();
    FixedSizeListVector lists = (FixedSizeListVector) root.getVector("vector");
    lists.setInitialCapacity(count);
    root.allocateNew();
    Float4Vector components = (Float4Vector) lists.getDataVector();
    for (int row = 0; row < count; row++) {
      Synset synset = synsets.get(next + row);
      set("id", row, synset.id());
      set("pos", row, synset.pos());
      set("words", row, String.join(", ", synset.words()));
      set("text", row, synset.definition());
      ((IntVector) root.getVector("uses")).setSafe(row, synset.uses());
      lists.setNotNull(row);
      float[] vector = vectors[next + row];
      for (int i = 0; i < vector.length; i++) {
        components.setSafe(row * vector.length + i, vector[i]);
      }
    }
    root.setRowCount(count);
    next += count;
    return true;
  }

  private void set(String column, int row, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    ((VarCharVector) root.getVector(column)).setSafe(row, bytes);
  }

  /** Rows given so far. */
  int done() {
    return next;
  }

  @Override
  public void close() {
    root.close();
  }
}
