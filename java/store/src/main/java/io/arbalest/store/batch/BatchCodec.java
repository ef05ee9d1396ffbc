package io.arbalest.store.batch;

import io.arbalest.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The log's payloads, and the answers that a cache keeps: one Arrow IPC record batch message, as a
 * stream has it behind its schema. The schema itself is the dataset's and not repeated.
 */
public final class BatchCodec {
  private static final int CONTINUATION = 0xFFFF_FFFF;
  private static final int PREFIX_BYTES = 8;

  private BatchCodec() {}

  /** The parts of a payload; the buffers stay with their owners until {@link #encode}. */
  static final class Parts {
    private final int rows;
    private final BufferAllocator allocator;
    private final List<ArrowFieldNode> nodes = new ArrayList<>();
    private final List<ArrowBuf> buffers = new ArrayList<>();

    Parts(int rows, BufferAllocator allocator) {
      this.rows = rows;
      this.allocator = allocator;
    }

    /** Adds a column, its children behind it. */
    void add(FieldVector vector) {
      int nulls = vector.getNullCount();
      nodes.add(new ArrowFieldNode(vector.getValueCount(), nulls));
      List<ArrowBuf> own = vector.getFieldBuffers();
      buffers.add(nulls == 0 ? allocator.getEmpty() : own.get(0));
      buffers.addAll(own.subList(1, own.size()));
      vector.getChildrenFromFields().forEach(this::add);
    }
  }

  /**
   * Encodes a batch. Validity bitmaps are left out where nothing is null: a vector's components
   * have none, and they would be a sixteenth of a float16 batch.
   *
   * @return memory of the allocator from 0 to its writer index, to be closed by the caller
   */
  static ArrowBuf encode(Parts parts) {
    try (ArrowRecordBatch batch = new ArrowRecordBatch(parts.rows, parts.nodes, parts.buffers)) {
      int metadataBytes = MessageSerializer.serializeMetadata(batch, IpcOption.DEFAULT).remaining();
      ArrowBuf out =
          parts.allocator.buffer(PREFIX_BYTES + 8L + metadataBytes + batch.computeBodyLength());
      try {
        MessageSerializer.serialize(new WriteChannel(new BufChannel(out)), batch);
        return out;
      } catch (IOException e) {
        out.close();
        throw new UncheckedIOException(e);
      } catch (RuntimeException e) {
        out.close();
        throw e;
      }
    }
  }

  /** Encodes a whole root, which stays the caller's; for the rest as above. */
  public static ArrowBuf encode(VectorSchemaRoot root, BufferAllocator allocator) {
    Parts parts = new Parts(root.getRowCount(), allocator);
    root.getFieldVectors().forEach(parts::add);
    return encode(parts);
  }

  /**
   * Decodes what {@link #encode} made. The columns share the payload's memory, which they keep
   * alive. A payload that was written before columns were added has fewer of them.
   *
   * @param schema of the payload, with the columns that were added later, if any, behind
   * @return a root of the allocator, to be closed by the caller
   */
  public static VectorSchemaRoot decode(
      ArrowBuf payload, Schema schema, BufferAllocator allocator) {
    int metadataBytes = payload.getInt(4);
    long bodyAt = (long) PREFIX_BYTES + metadataBytes;
    if (payload.getInt(0) != CONTINUATION || metadataBytes < 0 || bodyAt > payload.writerIndex()) {
      throw StoreException.corrupt("a log record's payload is not an Arrow record batch message");
    }
    ByteBuffer metadata = payload.nioBuffer(PREFIX_BYTES, metadataBytes);
    Message message = Message.getRootAsMessage(metadata);
    if (message.headerType() != MessageHeader.RecordBatch) {
      throw StoreException.corrupt(
          "a log record's payload is an Arrow message of type %d, expected a record batch",
          message.headerType());
    }
    RecordBatch header = (RecordBatch) message.header(new RecordBatch());
    payload.getReferenceManager().retain(); // the call below releases it
    ArrowBuf body = payload.slice(bodyAt, payload.writerIndex() - bodyAt);
    VectorSchemaRoot root = VectorSchemaRoot.create(written(schema, header), allocator);
    try (ArrowRecordBatch batch = MessageSerializer.deserializeRecordBatch(header, body)) {
      new VectorLoader(root).load(batch);
      return root;
    } catch (IOException e) {
      root.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      root.close();
      throw e;
    }
  }

  /** The first columns of a schema, as many as a batch has. */
  private static Schema written(Schema schema, RecordBatch batch) {
    List<Field> fields = schema.getFields();
    int nodes = 0;
    int count = 0;
    while (count < fields.size() && nodes < batch.nodesLength()) {
      nodes += nodes(fields.get(count++));
    }
    if (nodes != batch.nodesLength()) {
      throw StoreException.corrupt(
          "a log record's payload has %d columns and children, and does not fit the schema %s",
          batch.nodesLength(), schema);
    }
    return new Schema(fields.subList(0, count));
  }

  private static int nodes(Field field) {
    return 1 + field.getChildren().stream().mapToInt(BatchCodec::nodes).sum();
  }

  /** Copies a payload that was read from a file. */
  public static ArrowBuf copy(ByteBuffer payload, BufferAllocator allocator) {
    ArrowBuf copy = allocator.buffer(Math.max(1, payload.remaining()));
    copy.writerIndex(payload.remaining());
    copy.setBytes(0, payload.duplicate());
    return copy;
  }

  /** Writes to the end of a buffer that is large enough. */
  private record BufChannel(ArrowBuf out) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int bytes = source.remaining();
      out.setBytes(out.writerIndex(), source.duplicate());
      out.writerIndex(out.writerIndex() + bytes);
      source.position(source.limit());
      return bytes;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
