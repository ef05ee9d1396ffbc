package io.arbalest.engine;

import io.arbalest.engine.internal.CallScope;
import io.arbalest.engine.internal.Native;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * A batch of {@code struct<id: int64, vector: fixed_size_list<float>[d]>} as any producer of the
 * Arrow C Data Interface might hand it over: every field of every struct is open to a test. {@link
 * #seal()} writes them to native memory.
 *
 * <p>The buffers hold more rows than the batch shows, so that an offset has rows to skip.
 */
final class RawBatch implements AutoCloseable {
  /** One pair of ArrowSchema and ArrowArray. */
  final class Node {
    final ArrowSchema.Snapshot schema = new ArrowSchema.Snapshot();
    final ArrowArray.Snapshot array = new ArrowArray.Snapshot();
    final List<Node> children = new ArrayList<>();
    final List<Long> buffers = new ArrayList<>();
    private final ArrowSchema schemaStruct = ArrowSchema.allocateNew(allocator);
    private final ArrowArray arrayStruct = ArrowArray.allocateNew(allocator);

    Node(String format, String name, long length, Node... children) {
      schema.format = string(format);
      schema.name = string(name);
      schema.release = Native.arb_jni_release_borrowed(); // set = not released; nobody calls it
      array.release = Native.arb_jni_release_borrowed();
      array.length = length;
      for (Node child : children) {
        this.children.add(child);
      }
      schema.n_children = children.length;
      array.n_children = children.length;
    }

    Node buffers(long... addresses) {
      for (long address : addresses) {
        buffers.add(address);
      }
      array.n_buffers = addresses.length;
      return this;
    }

    long schemaAddress() {
      return schemaStruct.memoryAddress();
    }

    long arrayAddress() {
      return arrayStruct.memoryAddress();
    }

    boolean isReleased() {
      return arrayStruct.snapshot().release == 0;
    }

    /** Fills in the lists of buffers and children; a test may still change the snapshots after. */
    private void link() {
      array.buffers = pointers(buffers.stream().mapToLong(Long::longValue).toArray());
      children.forEach(Node::link);
      schema.children = pointers(children.stream().mapToLong(Node::schemaAddress).toArray());
      array.children = pointers(children.stream().mapToLong(Node::arrayAddress).toArray());
    }

    private void save() {
      schemaStruct.save(schema);
      arrayStruct.save(array);
      children.forEach(Node::save);
    }

    private void close() {
      schemaStruct.close();
      arrayStruct.close();
      children.forEach(Node::close);
    }
  }

  private final BufferAllocator allocator;
  private final List<ArrowBuf> memory = new ArrayList<>();
  final int dimension;
  final Node values;
  final Node vectors;
  final Node ids;
  final Node root;

  /**
   * @param rows rows that the batch shows
   * @param source all rows that its buffers hold, ids 0, 1, 2, ...
   */
  RawBatch(BufferAllocator allocator, int rows, float[][] source) {
    this.allocator = allocator;
    this.dimension = source[0].length;
    ArrowBuf idValues = memory(8L * source.length);
    ArrowBuf floats = memory(4L * source.length * dimension);
    for (int row = 0; row < source.length; row++) {
      idValues.setLong(8L * row, row);
      for (int i = 0; i < dimension; i++) {
        floats.setFloat(4L * (row * dimension + i), source[row][i]);
      }
    }
    values =
        new Node("f", "item", (long) source.length * dimension).buffers(0, floats.memoryAddress());
    vectors = new Node("+w:" + dimension, "vector", rows, values).buffers(0);
    ids = new Node("l", "id", rows).buffers(0, idValues.memoryAddress());
    root = new Node("+s", "batch", rows, ids, vectors).buffers(0);
    root.link();
  }

  /** A bitmap in which every slot is valid. */
  long allValid(int slots) {
    ArrowBuf bits = memory((slots + 7) / 8);
    bits.setOne(0, bits.capacity());
    return bits.memoryAddress();
  }

  /** A list of buffer pointers. */
  long pointers(long... addresses) {
    ArrowBuf list = memory(8L * addresses.length);
    for (int i = 0; i < addresses.length; i++) {
      list.setLong(8L * i, addresses[i]);
    }
    return list.memoryAddress();
  }

  long string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ArrowBuf buffer = memory(bytes.length + 1L);
    buffer.setBytes(0, bytes);
    return buffer.memoryAddress();
  }

  /** Writes the structs as they now are. */
  RawBatch seal() {
    root.save();
    return this;
  }

  long appendTo(VectorIndex index) {
    try (CallScope scope = new CallScope()) {
      return index.append(scope, root.schemaAddress(), root.arrayAddress());
    }
  }

  /** Searches the vectors. */
  SearchBatch searchIn(VectorIndex index) {
    try (CallScope scope = new CallScope()) {
      return index.search(
          scope,
          vectors.schemaAddress(),
          vectors.arrayAddress(),
          0,
          0,
          null,
          SearchOptions.k(1),
          allocator);
    }
  }

  /** Deletes the ids. */
  long deleteFrom(VectorIndex index) {
    try (CallScope scope = new CallScope()) {
      return index.delete(scope, ids.schemaAddress(), ids.arrayAddress());
    }
  }

  private ArrowBuf memory(long bytes) {
    ArrowBuf buffer = allocator.buffer(bytes);
    buffer.setZero(0, bytes);
    memory.add(buffer);
    return buffer;
  }

  @Override
  public void close() {
    root.close();
    memory.forEach(ArrowBuf::close);
  }
}
