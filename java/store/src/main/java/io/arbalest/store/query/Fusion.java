package io.arbalest.store.query;

import io.arbalest.store.text.TextHits;
import it.unimi.dsi.fastutil.ints.Int2IntMap;
import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes one ranking of two: of the rows nearest to a vector, and of those whose text fits best.
 * Pure functions.
 *
 * <p>By rank (reciprocal rank fusion; Cormack, Clarke and Büttcher, SIGIR 2009): a row's score is
 * the sum of 1 / ({@value #RANK_CONSTANT} + rank) over the sides that have it, ranks from 1.
 *
 * <p>By weight: the score is alpha · dense + (1 − alpha) · text. Each side's values are stretched
 * to 0..1 over its candidates: dense = (worst − distance) / (worst − nearest), text = (score −
 * worst) / (best − worst); all are 1 where all are equal. A row that a side does not have gets 0
 * from it, as its last candidate does: it would not do better than that one. A side that weighs
 * nothing brings no rows: alpha 0 gives the text's ranking, alpha 1 the vector's.
 *
 * <p>Of equal scores the row with the better best rank comes first, then the one nearer to the
 * vector, then the earlier row.
 */
final class Fusion {
  /** What is added to a rank, so that the first few do not count for everything. */
  static final int RANK_CONSTANT = 60;

  private static final int NONE = -1;

  private Fusion() {}

  /**
   * Candidates by distance.
   *
   * @param rows nearest first, none twice
   * @param distances as many
   */
  record DenseHits(int[] rows, float[] distances) {}

  /**
   * A row of the fused ranking.
   *
   * @param row its number
   * @param distance null if the vector's side does not have it
   * @param score higher is better
   * @param denseRank its place by distance, from 1; 0: not among the candidates
   * @param textRank its place by text, from 1; 0: not among the candidates
   */
  record Ranked(int row, Float distance, float score, int denseRank, int textRank) {
    private int bestRank() {
      return Math.min(rankOrLast(denseRank), rankOrLast(textRank));
    }
  }

  private static final Comparator<Ranked> BEST_FIRST =
      Comparator.comparingDouble((Ranked hit) -> -hit.score())
          .thenComparingInt(Ranked::bestRank)
          .thenComparingInt(hit -> rankOrLast(hit.denseRank()))
          .thenComparingInt(Ranked::row);

  private static int rankOrLast(int rank) {
    return rank == 0 ? Integer.MAX_VALUE : rank;
  }

  /**
   * The best rows of both sides.
   *
   * @param alpha weight of the dense side, 0..1; null fuses by rank
   * @param k rows at most
   */
  static List<Ranked> fuse(DenseHits dense, TextHits text, Double alpha, int k) {
    int[] textRows = alpha != null && alpha == 1 ? new int[0] : text.rows();
    int[] denseRows = alpha != null && alpha == 0 ? new int[0] : dense.rows();
    Int2IntMap textPlaces = places(text.rows());
    Int2IntMap densePlaces = places(dense.rows());
    List<Ranked> all = new ArrayList<>(denseRows.length + textRows.length);
    for (int place = 0; place < denseRows.length; place++) {
      all.add(ranked(dense, place, text, textPlaces.get(denseRows[place]), alpha));
    }
    for (int place = 0; place < textRows.length; place++) {
      int densePlace = densePlaces.get(textRows[place]);
      if (densePlace == NONE || denseRows.length == 0) { // else it is in the list already
        all.add(ranked(dense, densePlace, text, place, alpha));
      }
    }
    all.sort(BEST_FIRST);
    return all.subList(0, Math.min(k, all.size()));
  }

  private static Int2IntMap places(int[] rows) {
    Int2IntMap places = new Int2IntOpenHashMap(rows.length);
    places.defaultReturnValue(NONE);
    for (int place = 0; place < rows.length; place++) {
      places.put(rows[place], place);
    }
    return places;
  }

  private static Ranked ranked(
      DenseHits dense, int densePlace, TextHits text, int textPlace, Double alpha) {
    int row = densePlace == NONE ? text.rows()[textPlace] : dense.rows()[densePlace];
    double score =
        alpha == null
            ? reciprocal(densePlace) + reciprocal(textPlace)
            : alpha * stretched(dense.distances(), densePlace)
                + (1 - alpha) * stretched(text.scores(), textPlace);
    return new Ranked(
        row,
        densePlace == NONE ? null : (Float) dense.distances()[densePlace],
        (float) score,
        densePlace + 1,
        textPlace + 1);
  }

  private static double reciprocal(int place) {
    return place == NONE ? 0 : 1.0 / (RANK_CONSTANT + place + 1);
  }

  /** Where a value lies between the last one (0) and the first one (1), whichever is larger. */
  private static double stretched(float[] bestFirst, int place) {
    if (place == NONE) {
      return 0;
    }
    double best = bestFirst[0];
    double worst = bestFirst[bestFirst.length - 1];
    return best == worst ? 1 : (bestFirst[place] - worst) / (best - worst);
  }
}
