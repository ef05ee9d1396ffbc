package io.arbalest.store.rows;

import java.util.function.Consumer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Values of type list&lt;utf8&gt;. A row's bytes are, for each of its texts, a length of 4 bytes
 * (-1 for null), then the text; the list ends where the bytes end.
 */
final class Utf8ListColumn extends BytesColumn implements ColumnReader.TextLists {
  private static final int NULL_TEXT = -1;

  Utf8ListColumn(Field field, BufferAllocator allocator) {
    super(field, allocator);
  }

  @Override
  void append(FieldVector source, int firstRow) {
    ListVector lists = (ListVector) source;
    VarCharVector texts = (VarCharVector) lists.getDataVector();
    int count = lists.getValueCount();
    reserve(firstRow + count);
    for (int i = 0; i < count; i++) {
      if (!lists.isNull(i)) {
        int start = lists.getElementStartIndex(i);
        int end = lists.getElementEndIndex(i);
        allocate(firstRow + i, encodedBytes(texts, start, end));
        encode(texts, start, end, buffer(firstRow + i), offset(firstRow + i));
      }
    }
  }

  private static int encodedBytes(VarCharVector texts, int start, int end) {
    int bytes = 4 * (end - start);
    for (int i = start; i < end; i++) {
      bytes += texts.isNull(i) ? 0 : texts.getValueLength(i);
    }
    return bytes;
  }

  private static void encode(VarCharVector texts, int start, int end, ArrowBuf to, int offset) {
    long at = offset;
    for (int i = start; i < end; i++) {
      int length = texts.isNull(i) ? NULL_TEXT : texts.getValueLength(i);
      to.setInt(at, length);
      at += 4;
      if (length > 0) {
        to.setBytes(at, texts.getDataBuffer(), texts.getStartOffset(i), length);
        at += length;
      }
    }
  }

  @Override
  void gather(int[] rows, int count, FieldVector target, int at) {
    ListVector out = (ListVector) target;
    VarCharVector texts = (VarCharVector) out.getDataVector();
    for (int i = 0; i < count; i++) {
      if (isPresent(rows[i])) {
        int next = out.startNewValue(at + i);
        out.endValue(at + i, decode(rows[i], texts, next));
      } else {
        out.setNull(at + i);
      }
    }
  }

  @Override
  public void forEach(int row, Consumer<String> visitor) {
    ArrowBuf from = buffer(row);
    int at = offset(row);
    int end = at + length(row);
    while (at < end) {
      int length = from.getInt(at);
      at += 4;
      if (length != NULL_TEXT) {
        visitor.accept(text(from, at, length));
        at += length;
      }
    }
  }

  /** Writes a row's texts from index {@code next} on; returns how many. */
  private int decode(int row, VarCharVector texts, int next) {
    ArrowBuf from = buffer(row);
    int at = offset(row);
    int end = at + length(row);
    int index = next;
    while (at < end) {
      int length = from.getInt(at);
      at += 4;
      if (length == NULL_TEXT) {
        texts.setNull(index++);
      } else {
        texts.setSafe(index++, at, length, from);
        at += length;
      }
    }
    return index - next;
  }
}
