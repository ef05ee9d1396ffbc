package io.arbalest.store.rows;

import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Values of varying length: a row's place and length, and the bytes themselves in a {@link
 * ByteHeap}.
 */
abstract sealed class BytesColumn extends Column permits Utf8Column, Utf8ListColumn {
  private final ChunkList places;
  private final ChunkList lengths;
  private final Validity validity;
  private final ByteHeap heap;

  BytesColumn(Field field, BufferAllocator allocator) {
    super(field);
    places = new ChunkList(allocator, 8);
    lengths = new ChunkList(allocator, 4);
    validity = new Validity(field.isNullable(), allocator);
    heap = new ByteHeap(allocator);
  }

  @Override
  final void reserve(int rows) {
    places.reserve(rows);
    lengths.reserve(rows);
    validity.reserve(rows);
  }

  /**
   * Gives a row room for this many bytes; they go where {@link #buffer} and {@link #offset} say.
   */
  final void allocate(int row, int length) {
    places.of(row).setLong((row & ChunkList.MASK) * 8L, heap.allocate(length));
    lengths.of(row).setInt((row & ChunkList.MASK) * 4L, length);
    validity.setPresent(row);
  }

  /** Whether a row has a value. */
  public final boolean isPresent(int row) {
    return validity.isPresent(row);
  }

  /** Bytes of a row's value. */
  public final int length(int row) {
    return lengths.of(row).getInt((row & ChunkList.MASK) * 4L);
  }

  /** The memory that holds a row's bytes. */
  final ArrowBuf buffer(int row) {
    return heap.slab(place(row));
  }

  /** Where in {@link #buffer} they begin. */
  final int offset(int row) {
    return ByteHeap.offset(place(row));
  }

  /** Some of the heap's bytes as a text, a character for each. */
  static String text(ArrowBuf from, long at, int length) {
    byte[] copy = new byte[length];
    from.getBytes(at, copy);
    return new String(copy, StandardCharsets.ISO_8859_1);
  }

  private long place(int row) {
    return places.of(row).getLong((row & ChunkList.MASK) * 8L);
  }

  @Override
  final long bytes() {
    return places.bytes() + lengths.bytes() + validity.bytes() + heap.bytes();
  }

  @Override
  public final void close() {
    places.close();
    lengths.close();
    validity.close();
    heap.close();
  }
}
