package io.arbalest.server.flight;

import io.arbalest.store.StoreException;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;

/**
 * Asks whether the buffers of a column from outside are as long as its row count and its offsets
 * say. Arrow has such a check, which knows neither float16 nor fixed-size lists.
 *
 * <p>Types that no dataset can have pass: their schema is refused before anything reads them.
 */
final class BufferCheck {
  private static final int OFFSET_BYTES = 4;

  private BufferCheck() {}

  /**
   * Checks a column.
   *
   * @throws StoreException INVALID_ARGUMENT that names the column and the buffer
   */
  static void check(String column, FieldVector vector, int rows) {
    if (rows == 0) {
      return;
    }
    if (vector.getValueCount() < rows) {
      throw malformed(column, "values", vector.getValueCount(), rows);
    }
    if (vector instanceof BaseFixedWidthVector fixed) {
      long bits = vector instanceof BitVector ? 1 : fixed.getTypeWidth() * 8L;
      validity(column, vector, rows);
      atLeast(column, "data", vector.getDataBuffer(), (rows * bits + 7) / 8);
    } else if (vector instanceof BaseVariableWidthVector) {
      validity(column, vector, rows);
      atLeast(column, "data", vector.getDataBuffer(), lastOffset(column, vector, rows));
    } else if (vector instanceof FixedSizeListVector list) {
      validity(column, vector, rows);
      long values = (long) rows * list.getListSize();
      if (list.getDataVector().getValueCount() < values) {
        throw malformed(column, "list values", list.getDataVector().getValueCount(), values);
      }
      check(column, list.getDataVector(), (int) values);
    } else if (vector instanceof ListVector list) {
      validity(column, vector, rows);
      check(column, list.getDataVector(), lastOffset(column, vector, rows));
    }
  }

  private static void validity(String column, FieldVector vector, int rows) {
    atLeast(column, "validity", vector.getValidityBuffer(), (rows + 7L) / 8);
  }

  /** Checks that offsets begin at 0 or later and never fall; returns the last. */
  private static int lastOffset(String column, FieldVector vector, int rows) {
    ArrowBuf offsets = vector.getOffsetBuffer();
    atLeast(column, "offsets", offsets, (rows + 1L) * OFFSET_BYTES);
    int last = 0;
    for (int row = 0; row <= rows; row++) {
      int offset = offsets.getInt((long) row * OFFSET_BYTES);
      if (offset < last) {
        throw StoreException.invalid(
            "column '%s': malformed: offset %d: found %d, allowed %d or more",
            column, row, offset, last);
      }
      last = offset;
    }
    return last;
  }

  private static void atLeast(String column, String what, ArrowBuf buffer, long bytes) {
    if (buffer.capacity() < bytes) {
      throw malformed(column, what + " bytes", buffer.capacity(), bytes);
    }
  }

  private static StoreException malformed(String column, String what, long found, long needed) {
    return StoreException.invalid(
        "column '%s': malformed: %s: found %d, allowed %d or more", column, what, found, needed);
  }
}
