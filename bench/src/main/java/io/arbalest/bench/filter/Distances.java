package io.arbalest.bench.filter;

import io.arbalest.engine.Metric;

/** Distances of all rows to a query as an index defines them, summed in an order of their own. */
final class Distances {
  private final Metric metric;
  private final float[][] rows;
  private final float[] inverseNorms;

  Distances(Metric metric, float[][] rows) {
    this.metric = metric;
    this.rows = rows;
    this.inverseNorms = new float[rows.length];
    for (int row = 0; row < rows.length; row++) {
      inverseNorms[row] = inverseNorm(rows[row]);
    }
  }

  /** One distance a row. */
  float[] of(float[] query) {
    float norm = inverseNorm(query);
    float[] distances = new float[rows.length];
    for (int row = 0; row < rows.length; row++) {
      distances[row] =
          switch (metric) {
            case L2 -> l2sq(query, rows[row]);
            case DOT -> -dot(query, rows[row]);
            case COSINE -> 1 - dot(query, rows[row]) * norm * inverseNorms[row];
          };
    }
    return distances;
  }

  static float l2sq(float[] left, float[] right) {
    float sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (left[i] - right[i]) * (left[i] - right[i]);
    }
    return sum;
  }

  private static float inverseNorm(float[] vector) {
    return (float) (1 / Math.sqrt(dot(vector, vector)));
  }

  /** Four sums side by side: one would wait for itself at every component. */
  private static float dot(float[] left, float[] right) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i + 4 <= left.length; i += 4) {
      s0 += left[i] * right[i];
      s1 += left[i + 1] * right[i + 1];
      s2 += left[i + 2] * right[i + 2];
      s3 += left[i + 3] * right[i + 3];
    }
    for (; i < left.length; i++) {
      s0 += left[i] * right[i];
    }
    return (s0 + s1) + (s2 + s3);
  }
}
