package io.arbalest.store.query;

import io.arbalest.store.DatasetSpec;
import java.util.List;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** The columns of an answer that tell how a search with text ranked its hits. */
final class RankColumns {
  private static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final ArrowType UINT32 = new ArrowType.Int(32, false);

  private RankColumns() {}

  /** The column {@code distance}; null where a search with text has no vector to measure from. */
  static Field distance(boolean withText) {
    return new Field(DatasetSpec.DISTANCE, new FieldType(withText, FLOAT32, null), null);
  }

  /** {@code score}, {@code dense_rank}, {@code text_rank}. */
  static List<Field> fields() {
    return List.of(
        new Field(DatasetSpec.SCORE, FieldType.notNullable(FLOAT32), null),
        new Field(DatasetSpec.DENSE_RANK, FieldType.nullable(UINT32), null),
        new Field(DatasetSpec.TEXT_RANK, FieldType.nullable(UINT32), null));
  }

  /** Writes distance, score and ranks of all hits to index {@code at} on, where there is room. */
  static void write(Hits hits, VectorSchemaRoot root, int at) {
    Float4Vector distances = (Float4Vector) root.getVector(DatasetSpec.DISTANCE);
    Float4Vector scores = (Float4Vector) root.getVector(DatasetSpec.SCORE);
    UInt4Vector denseRanks = (UInt4Vector) root.getVector(DatasetSpec.DENSE_RANK);
    UInt4Vector textRanks = (UInt4Vector) root.getVector(DatasetSpec.TEXT_RANK);
    for (int i = 0; i < hits.size(); i++) {
      Fusion.Ranked hit = hits.ranked(i);
      if (hit.distance() == null) {
        distances.setNull(at + i);
      } else {
        distances.set(at + i, hit.distance());
      }
      scores.set(at + i, hit.score());
      writeRank(denseRanks, at + i, hit.denseRank());
      writeRank(textRanks, at + i, hit.textRank());
    }
  }

  private static void writeRank(UInt4Vector ranks, int index, int rank) {
    if (rank == 0) {
      ranks.setNull(index);
    } else {
      ranks.set(index, rank);
    }
  }
}
