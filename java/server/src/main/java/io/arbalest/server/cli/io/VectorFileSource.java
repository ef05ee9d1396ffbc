package io.arbalest.server.cli.io;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
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
    Field child = new Field("item", FieldType.notNullable(file.component().arrowType()), null);
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
    // The file's bytes are Arrow's bytes: they are taken as they lie.
    try (FixedSizeListVector rows = VectorColumns.read(file, next, count, allocator)) {
      rows.makeTransferPair(root.getVector(TableFiles.VECTOR)).transfer();
    }
    next += count;
    root.setRowCount(count);
    return true;
  }

  @Override
  public void close() throws IOException {
    root.close();
    file.close();
  }
}
