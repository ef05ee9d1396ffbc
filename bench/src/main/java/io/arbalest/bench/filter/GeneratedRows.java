package io.arbalest.bench.filter;

import java.util.Random;

/**
 * Rows with few degrees of freedom, as embeddings have them: a point of {@value #LATENT} dimensions
 * around one of {@value #CENTRES} centres goes through a random smooth map, and a little noise of
 * full dimension is added; {@code sets/synthetic_set.py} in small. Of length 1.
 */
final class GeneratedRows {
  private static final int LATENT = 20;
  private static final int CENTRES = 64;
  private static final int UNITS = 96;
  private static final double NOISE = 0.2;

  private final Random random;
  private final int dimension;
  private final float[][] centres;
  private final float[][] inner;
  private final float[][] outer;

  GeneratedRows(int dimension, long seed) {
    this.dimension = dimension;
    random = new Random(seed);
    centres = gaussian(CENTRES, LATENT, 1);
    inner = gaussian(LATENT, UNITS, 1 / Math.sqrt(LATENT));
    outer = gaussian(UNITS, dimension, 1 / Math.sqrt(UNITS));
  }

  /** The next rows. */
  float[][] next(int count) {
    float[][] rows = new float[count][];
    for (int row = 0; row < count; row++) {
      float[] latent = gaussian(1, LATENT, 1)[0];
      float[] centre = centres[random.nextInt(CENTRES)];
      for (int i = 0; i < LATENT; i++) {
        latent[i] += centre[i];
      }
      float[] units = product(latent, inner);
      for (int i = 0; i < UNITS; i++) {
        units[i] = (float) Math.tanh(units[i]);
      }
      rows[row] = normalised(product(units, outer));
      float[] noise = gaussian(1, dimension, NOISE / Math.sqrt(dimension))[0];
      for (int i = 0; i < dimension; i++) {
        rows[row][i] += noise[i];
      }
      normalised(rows[row]);
    }
    return rows;
  }

  private float[][] gaussian(int rows, int columns, double scale) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (random.nextGaussian() * scale);
      }
    }
    return values;
  }

  private static float[] product(float[] vector, float[][] matrix) {
    float[] sum = new float[matrix[0].length];
    for (int i = 0; i < vector.length; i++) {
      for (int j = 0; j < sum.length; j++) {
        sum[j] += vector[i] * matrix[i][j];
      }
    }
    return sum;
  }

  private static float[] normalised(float[] vector) {
    double sum = 0;
    for (float component : vector) {
      sum += component * component;
    }
    float scale = (float) (1 / Math.sqrt(sum));
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= scale;
    }
    return vector;
  }
}
