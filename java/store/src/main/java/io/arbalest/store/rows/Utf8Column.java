package io.arbalest.store.rows;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.ByteFunctionHelpers;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.Field;

/** Values of type utf8. */
final class Utf8Column extends BytesColumn implements ColumnReader.Texts {
  private final BufferAllocator allocator;

  Utf8Column(Field field, BufferAllocator allocator) {
    super(field, allocator);
    this.allocator = allocator;
  }

  @Override
  void append(FieldVector source, int firstRow) {
    VarCharVector texts = (VarCharVector) source;
    int count = texts.getValueCount();
    reserve(firstRow + count);
    for (int i = 0; i < count; i++) {
      if (!texts.isNull(i)) {
        int start = texts.getStartOffset(i);
        int length = texts.getEndOffset(i) - start;
        allocate(firstRow + i, length);
        buffer(firstRow + i).setBytes(offset(firstRow + i), texts.getDataBuffer(), start, length);
      }
    }
  }

  @Override
  void gather(int[] rows, int count, FieldVector target, int at) {
    VarCharVector out = (VarCharVector) target;
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      if (isPresent(row)) {
        out.setSafe(at + i, offset(row), length(row), buffer(row));
      } else {
        out.setNull(at + i);
      }
    }
  }

  @Override
  public String text(int row) {
    return text(buffer(row), offset(row), length(row));
  }

  /** Whether a row's value is these bytes. */
  boolean isEqual(int row, ArrowBuf bytes, long start, int length) {
    return length(row) == length
        && ByteFunctionHelpers.equal(
                buffer(row), offset(row), offset(row) + (long) length, bytes, start, start + length)
            == 1;
  }

  /** A copy of some bytes beside the column, to be closed by the caller. */
  ArrowBuf temporary(byte[] bytes) {
    ArrowBuf copy = allocator.buffer(Math.max(1, bytes.length));
    copy.setBytes(0, bytes);
    return copy;
  }
}
