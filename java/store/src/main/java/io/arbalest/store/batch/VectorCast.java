package io.arbalest.store.batch;

import io.arbalest.engine.ElementType;
import io.arbalest.engine.Metric;
import io.arbalest.store.StoreException;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Checks vectors and casts them to a dataset's element type. What passes here the engine takes, so
 * that nothing is acknowledged that cannot be applied. Thread-safe.
 */
public final class VectorCast {
  /** The engine allows a quarter of float's range; half of that leaves room for its rounding. */
  private static final float SQUARED_LENGTH_MAX = Float.MAX_VALUE / 8;

  /** The engine asks for 2^-100 under cosine; the same room. */
  private static final float SQUARED_LENGTH_MIN_COSINE = 0x1p-98f;

  private final String column;
  private final int dimension;
  private final Metric metric;
  private final ElementType element;

  /**
   * @param column how messages name the vectors
   */
  public VectorCast(String column, int dimension, Metric metric, ElementType element) {
    this.column = column;
    this.dimension = dimension;
    this.metric = metric;
    this.element = element;
  }

  /**
   * The vectors in the element type, row after row, {@code element.bytes()} a component.
   *
   * @return memory to be closed by the caller: the vectors' own where they have the element type
   *     already, else the allocator's
   * @throws StoreException INVALID_ARGUMENT naming the row if a vector or component is null, not
   *     finite, too large for the element type, or a vector is zero under cosine
   */
  public ArrowBuf cast(FixedSizeListVector vectors, BufferAllocator allocator) {
    int rows = vectors.getValueCount();
    long bytes = (long) rows * dimension * element.bytes();
    if (isElement(vectors.getDataVector())) {
      check(vectors);
      ArrowBuf data = vectors.getDataVector().getDataBuffer();
      data.getReferenceManager().retain();
      return data.slice(0, bytes);
    }
    ArrowBuf out = allocator.buffer(Math.max(1, bytes));
    try {
      each(vectors, (row, values) -> write(values, out, (long) row * dimension));
      out.writerIndex(bytes);
      return out;
    } catch (RuntimeException e) {
      out.close();
      throw e;
    }
  }

  /** Checks vectors without casting them: the same exceptions as {@link #cast}. */
  public void check(FixedSizeListVector vectors) {
    each(vectors, (row, values) -> {});
  }

  /** Takes a checked row. */
  @FunctionalInterface
  private interface RowSink {
    void accept(int row, float[] values);
  }

  private void each(FixedSizeListVector vectors, RowSink sink) {
    int rows = vectors.getValueCount();
    checkNulls(vectors, rows);
    FieldVector components = vectors.getDataVector();
    float[] values = new float[dimension];
    for (int row = 0; row < rows; row++) {
      read(components, (long) row * dimension, values);
      checkRow(values, row);
      sink.accept(row, values);
    }
  }

  private boolean isElement(FieldVector components) {
    return switch (components.getMinorType()) {
      case FLOAT2 -> element == ElementType.FLOAT16;
      case FLOAT4 -> element == ElementType.FLOAT32;
      default -> false;
    };
  }

  private void checkNulls(FixedSizeListVector vectors, int rows) {
    for (int row = 0; row < rows; row++) {
      if (vectors.isNull(row)) {
        throw StoreException.invalid("column '%s': row %d is null", column, row);
      }
    }
    FieldVector components = vectors.getDataVector();
    long needed = (long) rows * dimension;
    if (components.getValueCount() < needed) {
      throw StoreException.invalid(
          "column '%s': found %d components, allowed %d rows of %d",
          column, components.getValueCount(), rows, dimension);
    }
    if (components.getNullCount() > 0) {
      for (int i = 0; i < needed; i++) {
        if (components.isNull(i)) {
          throw StoreException.invalid(
              "column '%s': row %d, component %d is null", column, i / dimension, i % dimension);
        }
      }
    }
  }

  /** Reads a row; a half that is not finite becomes infinity. */
  private void read(FieldVector components, long first, float[] values) {
    ArrowBuf data = components.getDataBuffer();
    switch (components.getMinorType()) {
      case FLOAT2 -> {
        for (int i = 0; i < dimension; i++) {
          short half = data.getShort((first + i) * 2);
          values[i] =
              HalfFloats.isFinite(half) ? HalfFloats.toFloat(half) : Float.POSITIVE_INFINITY;
        }
      }
      case FLOAT4 -> {
        for (int i = 0; i < dimension; i++) {
          values[i] = data.getFloat((first + i) * 4);
        }
      }
      case FLOAT8 -> {
        boolean toHalf = element == ElementType.FLOAT16;
        for (int i = 0; i < dimension; i++) {
          double value = data.getDouble((first + i) * 8);
          values[i] = toHalf ? HalfFloats.oddFloat(value) : (float) value;
        }
      }
      case TINYINT -> {
        for (int i = 0; i < dimension; i++) {
          values[i] = data.getByte(first + i);
        }
      }
      case UINT1 -> {
        for (int i = 0; i < dimension; i++) {
          values[i] = data.getByte(first + i) & 0xFF;
        }
      }
      default ->
          throw StoreException.invalid(
              "column '%s': found components of type %s, allowed halffloat, float, double, int8,"
                  + " uint8",
              column, components.getField().getType());
    }
  }

  private void write(float[] values, ArrowBuf out, long first) {
    switch (element) {
      case FLOAT16 -> {
        for (int i = 0; i < dimension; i++) {
          out.setShort((first + i) * 2, HalfFloats.fromFloat(values[i]));
        }
      }
      case FLOAT32 -> {
        for (int i = 0; i < dimension; i++) {
          out.setFloat((first + i) * 4, values[i]);
        }
      }
    }
  }

  private void checkRow(float[] values, int row) {
    float largest = 0;
    float squares = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value)); // NaN stays NaN
      squares += value * value;
    }
    boolean fits =
        switch (element) {
          case FLOAT16 -> largest < HalfFloats.OVERFLOW;
          case FLOAT32 -> squares <= SQUARED_LENGTH_MAX;
        };
    if (!fits) {
      throw tooLarge(values, row);
    }
    boolean hasDirection =
        switch (element) {
          case FLOAT16 -> largest > HalfFloats.UNDERFLOW;
          case FLOAT32 -> squares >= SQUARED_LENGTH_MIN_COSINE;
        };
    if (metric == Metric.COSINE && !hasDirection) {
      throw StoreException.invalid(
          "column '%s': row %d is zero as %s; under cosine it has no direction",
          column, row, element.wireName());
    }
  }

  /** Names the component that does not fit, or blames the length of the whole row. */
  private StoreException tooLarge(float[] values, int row) {
    for (int i = 0; i < dimension; i++) {
      float size = Math.abs(values[i]);
      if (!(size < (element == ElementType.FLOAT16 ? HalfFloats.OVERFLOW : Float.MAX_VALUE))) {
        return StoreException.invalid(
            "column '%s': row %d, component %d: found %s, allowed %s",
            column,
            row,
            i,
            values[i],
            element == ElementType.FLOAT16 ? "-65504..65504" : "finite values");
      }
    }
    return StoreException.invalid(
        "column '%s': row %d: its squared length is above %s", column, row, SQUARED_LENGTH_MAX);
  }
}
