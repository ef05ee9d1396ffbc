package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * A {@link VectorFile} as batches of one column, {@code vector}, in the file's own element type.
 */
final class VectorFileSource implements BatchSource {
  private final VectorFile file;
  private final int rowsPerBatch;
  private final BufferAllocator allocator;
  private final VectorSchemaRoot root;
  private int next;

  VectorFileSource(Path path, BufferAllocator allocator, int batchBytes) throws IOException {
    this.file = VectorFile.open(path);
    this.allocator = allocator;
    this.rowsPerBatch = Math.max(1, batchBytes / (file.dimension() * file.component().bytes()));
    Field child = new Field("item", FieldType.notNullable(elementType(file.component())), null);
    Field vector =
        new Field(
            TableFiles.VECTOR,
            FieldType.notNullable(new ArrowType.FixedSizeList(file.dimension())),
            List.of(child));
    FieldVector column = vector.createVector(allocator);
    this.root = new VectorSchemaRoot(List.of(vector), List.of(column), 0);
  }

  /** Vectors in the file. */
  int rows() {
    return file.rows();
  }

  @Override
  public VectorSchemaRoot root() {
    return root;
  }

  @Override
  public boolean next() throws IOException {
    int count = Math.min(rowsPerBatch, file.rows() - next);
    if (count <= 0) {
      return false;
    }
    ByteBuffer bytes = file.readBytes(next, count);
    next += count;
    int values = count * file.dimension();
    FixedSizeListVector vector = (FixedSizeListVector) root.getVector(TableFiles.VECTOR);
    // The file's bytes are Arrow's bytes: they are taken as they lie.
    try (ArrowBuf data = allocator.buffer(bytes.remaining());
        ArrowBuf listValid = allOnes(count);
        ArrowBuf valid = allOnes(values)) {
      data.setBytes(0, bytes);
      data.writerIndex(data.capacity());
      vector.loadFieldBuffers(new ArrowFieldNode(count, 0), List.of(listValid));
      vector.getDataVector().loadFieldBuffers(new ArrowFieldNode(values, 0), List.of(valid, data));
    }
    root.setRowCount(count);
    return true;
  }

  @Override
  public void close() throws IOException {
    root.close();
    file.close();
  }

  private ArrowBuf allOnes(int bits) {
    ArrowBuf buffer = allocator.buffer(BitVectorHelper.getValidityBufferSizeFromCount(bits));
    buffer.setOne(0, buffer.capacity());
    buffer.writerIndex(buffer.capacity());
    return buffer;
  }

  private static ArrowType elementType(VectorFile.Component component) {
    return switch (component) {
      case FLOAT16 -> new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
      case FLOAT32 -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
      case FLOAT64 -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
      case INT8 -> new ArrowType.Int(8, true);
      case UINT8 -> new ArrowType.Int(8, false);
    };
  }
}
