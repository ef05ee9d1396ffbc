package io.arbalest.store.query;

import io.arbalest.engine.ElementType;
import io.arbalest.store.VectorsAs;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.StructVector;

/** Writes stored vectors in the form that was asked for. */
final class VectorOut {
  private static final int CODE_MAX = 255;

  private final FieldVector target;
  private final VectorsAs form;
  private final ElementType element;
  private final int dimension;
  private final float[] values;

  VectorOut(FieldVector target, VectorsAs form, ElementType element, int dimension) {
    this.target = target;
    this.form = form;
    this.element = element;
    this.dimension = dimension;
    this.values = new float[dimension];
  }

  /** Makes room for this many vectors. */
  void reserve(int count) {
    switch (form) {
      case NONE -> {}
      case SQ8 -> {
        StructVector struct = (StructVector) target;
        struct.setInitialCapacity(count);
        number(0).setInitialCapacity(count);
        number(1).setInitialCapacity(count);
        reserve(codes(), count);
        struct.allocateNew();
      }
      case FLOAT16, FLOAT32 -> {
        reserve((FixedSizeListVector) target, count);
        target.allocateNew();
      }
    }
  }

  private void reserve(FixedSizeListVector list, int count) {
    list.setInitialCapacity(count);
    list.getDataVector().setInitialCapacity(count * dimension);
  }

  /**
   * Copies vectors, all of them live, to the target from index {@code at}, for which there is room.
   */
  void copy(FixedSizeListVector source, int at) {
    ArrowBuf from = source.getDataVector().getDataBuffer();
    int count = source.getValueCount();
    switch (form) {
      case NONE -> {}
      case SQ8 -> {
        for (int i = 0; i < count; i++) {
          read(from, i);
          encode(at + i);
        }
      }
      case FLOAT16 -> copyFloats(from, count, at, ElementType.FLOAT16);
      case FLOAT32 -> copyFloats(from, count, at, ElementType.FLOAT32);
    }
  }

  private void read(ArrowBuf from, int row) {
    long first = (long) row * dimension;
    switch (element) {
      case FLOAT16 -> {
        for (int i = 0; i < dimension; i++) {
          values[i] = HalfFloats.toFloat(from.getShort((first + i) * 2));
        }
      }
      case FLOAT32 -> {
        for (int i = 0; i < dimension; i++) {
          values[i] = from.getFloat((first + i) * 4);
        }
      }
    }
  }

  private void copyFloats(ArrowBuf from, int count, int at, ElementType to) {
    FixedSizeListVector list = (FixedSizeListVector) target;
    BaseFixedWidthVector components = (BaseFixedWidthVector) list.getDataVector();
    setPresent(list, components, at, count);
    ArrowBuf out = components.getDataBuffer();
    long first = (long) at * dimension;
    if (to == element) {
      int width = element.bytes();
      out.setBytes(first * width, from, 0, (long) count * dimension * width);
      return;
    }
    for (int row = 0; row < count; row++) {
      read(from, row);
      for (int i = 0; i < dimension; i++, first++) {
        switch (to) {
          case FLOAT16 -> out.setShort(first * 2, HalfFloats.fromFloat(values[i]));
          case FLOAT32 -> out.setFloat(first * 4, values[i]);
        }
      }
    }
  }

  /** value = offset + scale * code; a vector of equal components has scale 0. */
  private void encode(int at) {
    float min = values[0];
    float max = values[0];
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    float scale = (max - min) / CODE_MAX;
    float inverse = scale > 0 ? 1 / scale : 0;
    ((StructVector) target).setIndexDefined(at);
    number(0).set(at, scale);
    number(1).set(at, min);
    BaseFixedWidthVector components = (BaseFixedWidthVector) codes().getDataVector();
    setPresent(codes(), components, at, 1);
    ArrowBuf out = components.getDataBuffer();
    long first = (long) at * dimension;
    for (int i = 0; i < dimension; i++) {
      int code = Math.min(CODE_MAX, (int) ((values[i] - min) * inverse + 0.5f));
      out.setByte(first + i, code);
    }
  }

  private void setPresent(
      FixedSizeListVector list, BaseFixedWidthVector components, int at, int count) {
    for (int i = at; i < at + count; i++) {
      list.setNotNull(i);
    }
    ArrowBuf validity = components.getValidityBuffer();
    int end = (at + count) * dimension;
    int i = at * dimension;
    for (; i < end && (i & 7) != 0; i++) {
      BitVectorHelper.setBit(validity, i);
    }
    if (end - i >= 8) {
      validity.setOne((long) i >>> 3, (long) (end - i) >>> 3);
      i += (end - i) & ~7;
    }
    for (; i < end; i++) {
      BitVectorHelper.setBit(validity, i);
    }
  }

  private Float4Vector number(int child) {
    return (Float4Vector) ((StructVector) target).getChildByOrdinal(child);
  }

  private FixedSizeListVector codes() {
    return (FixedSizeListVector) ((StructVector) target).getChildByOrdinal(2);
  }
}
