package io.arbalest.store.rows;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Values of 1, 2, 4 or 8 bytes; a bool is a byte here. */
final class FixedColumn extends Column implements ColumnReader.Numbers {
  /** What a value's bytes mean. */
  private enum Meaning {
    SIGNED,
    UNSIGNED,
    FLOATING
  }

  private final int width;
  private final Meaning meaning;
  private final ChunkList values;
  private final Validity validity;

  FixedColumn(Field field, BufferAllocator allocator, int width) {
    super(field);
    this.width = width;
    this.meaning = meaning(field.getType());
    values = new ChunkList(allocator, width);
    validity = new Validity(field.isNullable(), allocator);
  }

  private static Meaning meaning(ArrowType type) {
    if (type instanceof ArrowType.FloatingPoint) {
      return Meaning.FLOATING;
    }
    return type instanceof ArrowType.Int number && !number.getIsSigned()
        ? Meaning.UNSIGNED
        : Meaning.SIGNED;
  }

  @Override
  void reserve(int rows) {
    values.reserve(rows);
    validity.reserve(rows);
  }

  @Override
  void append(FieldVector source, int firstRow) {
    int count = source.getValueCount();
    reserve(firstRow + count);
    for (int i = 0; i < count; i++) {
      if (!source.isNull(i)) {
        validity.setPresent(firstRow + i);
      }
    }
    if (source instanceof BitVector bits) {
      for (int i = 0; i < count; i++) {
        int value = bits.isNull(i) ? 0 : bits.get(i);
        values.of(firstRow + i).setByte((firstRow + i) & ChunkList.MASK, value);
      }
      return;
    }
    ArrowBuf data = source.getDataBuffer();
    for (int done = 0; done < count; ) {
      int row = firstRow + done;
      int run = Math.min(count - done, ChunkList.ROWS - (row & ChunkList.MASK));
      values
          .of(row)
          .setBytes(
              (long) (row & ChunkList.MASK) * width, data, (long) done * width, (long) run * width);
      done += run;
    }
  }

  @Override
  void gather(int[] rows, int count, FieldVector target, int at) {
    BaseFixedWidthVector out = (BaseFixedWidthVector) target;
    while (out.getValueCapacity() < at + count) {
      out.reAlloc();
    }
    for (int i = 0; i < count; i++) {
      copy(rows[i], out, at + i);
    }
  }

  private void copy(int row, BaseFixedWidthVector out, int index) {
    if (!validity.isPresent(row)) {
      out.setNull(index);
      return;
    }
    ArrowBuf from = values.of(row);
    int slot = row & ChunkList.MASK;
    if (out instanceof BitVector bits) {
      bits.set(index, from.getByte(slot));
      return;
    }
    BitVectorHelper.setBit(out.getValidityBuffer(), index);
    ArrowBuf to = out.getDataBuffer();
    switch (width) {
      case 1 -> to.setByte(index, from.getByte(slot));
      case 2 -> to.setShort(index * 2L, from.getShort(slot * 2L));
      case 4 -> to.setInt(index * 4L, from.getInt(slot * 4L));
      case 8 -> to.setLong(index * 8L, from.getLong(slot * 8L));
      default -> throw new IllegalStateException("a value of " + width + " bytes");
    }
  }

  @Override
  public boolean isPresent(int row) {
    return validity.isPresent(row);
  }

  @Override
  public long key(int row) {
    ArrowBuf from = values.of(row);
    long slot = row & ChunkList.MASK;
    return switch (meaning) {
      case SIGNED -> signed(from, slot);
      case UNSIGNED -> unsigned(from, slot);
      case FLOATING ->
          NumberKeys.ofDouble(width == 4 ? from.getFloat(slot * 4) : from.getDouble(slot * 8));
    };
  }

  private long signed(ArrowBuf from, long slot) {
    return switch (width) {
      case 1 -> from.getByte(slot);
      case 2 -> from.getShort(slot * 2);
      case 4 -> from.getInt(slot * 4);
      default -> from.getLong(slot * 8);
    };
  }

  private long unsigned(ArrowBuf from, long slot) {
    return switch (width) {
      case 1 -> from.getByte(slot) & 0xFF;
      case 2 -> from.getShort(slot * 2) & 0xFFFF;
      case 4 -> from.getInt(slot * 4) & 0xFFFF_FFFFL;
      default -> NumberKeys.ofUnsigned(from.getLong(slot * 8));
    };
  }

  /** The value of a column of 8 bytes. */
  long getLong(int row) {
    return values.of(row).getLong((row & ChunkList.MASK) * 8L);
  }

  @Override
  long bytes() {
    return values.bytes() + validity.bytes();
  }

  @Override
  public void close() {
    values.close();
    validity.close();
  }
}
