package io.arbalest.store.log;

import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFile;
import io.arbalest.store.log.WalSegmentFormat.RecordHeader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Reads the records of one segment in order, up to the first that is not intact. */
final class WalSegmentReader implements Closeable {
  private final DiskFile file;
  private final long size;
  private final String headerFault;
  private long offset = WalSegmentFormat.SEGMENT_HEADER_BYTES;
  private long expected;
  private String fault;
  private boolean intactButWrong;

  private WalSegmentReader(DiskFile file, long size, long firstSequence, String headerFault) {
    this.file = file;
    this.size = size;
    this.expected = firstSequence;
    this.headerFault = headerFault;
    this.fault = headerFault;
  }

  static WalSegmentReader open(Disk disk, Path path, long firstSequence) throws IOException {
    DiskFile file = disk.open(path);
    try {
      long size = file.size();
      String fault;
      if (size < WalSegmentFormat.SEGMENT_HEADER_BYTES) {
        fault = "the header is cut off after " + size + " bytes";
      } else {
        ByteBuffer header = WalSegmentFormat.buffer(WalSegmentFormat.SEGMENT_HEADER_BYTES);
        file.read(header, 0);
        fault = WalSegmentFormat.segmentHeaderFault(header, firstSequence);
      }
      return new WalSegmentReader(file, size, firstSequence, fault);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** The next intact record; null at the end or at a fault, which {@link #fault()} tells. */
  LogRecord next() throws IOException {
    if (fault != null || offset == size) {
      return null;
    }
    if (size - offset < WalSegmentFormat.RECORD_HEADER_BYTES) {
      return fail("the record's header is cut off");
    }
    ByteBuffer header = WalSegmentFormat.buffer(WalSegmentFormat.RECORD_HEADER_BYTES);
    file.read(header, offset);
    RecordHeader fields = WalSegmentFormat.readRecordHeader(header, 0);
    long room = size - offset - WalSegmentFormat.RECORD_HEADER_BYTES;
    if (fields.length() < 0 || fields.length() > room) {
      return fail("the record says " + fields.length() + " bytes, the file has " + room);
    }
    ByteBuffer payload = ByteBuffer.allocate(fields.length());
    file.read(payload, offset + WalSegmentFormat.RECORD_HEADER_BYTES);
    payload.flip();
    if (fields.crc() != WalSegmentFormat.recordCrc(header, payload)) {
      return fail("the record's checksum is wrong");
    }
    intactButWrong = fields.type() == null || fields.sequence() != expected;
    if (intactButWrong) {
      return fail(
          "an intact record of type "
              + header.get(24)
              + " and sequence "
              + fields.sequence()
              + ", expected sequence "
              + expected);
    }
    offset += WalSegmentFormat.RECORD_HEADER_BYTES + fields.length();
    expected++;
    return new LogRecord(fields.sequence(), fields.type(), payload);
  }

  private LogRecord fail(String reason) {
    fault = reason;
    return null;
  }

  /** What is wrong at {@link #offset()}; null where nothing is. */
  String fault() {
    return fault;
  }

  /** Whether the fault is in the segment's own header. */
  boolean headerIsFaulty() {
    return headerFault != null;
  }

  /**
   * Whether the fault is a record that is whole but does not belong there, or of a type that this
   * program does not know: no crash leaves that behind.
   */
  boolean faultIsIntact() {
    return intactButWrong;
  }

  /** Where the next record begins, or where the fault is. */
  long offset() {
    return headerFault != null ? 0 : offset;
  }

  /** The sequence of the next record. */
  long expectedSequence() {
    return expected;
  }

  /**
   * Whether an intact record behind the fault says that the faulty one was durable before it was
   * written. Looks at every offset, since the faulty record's length cannot be trusted.
   */
  boolean faultWasDurable() throws IOException {
    long behind = size - offset - 1;
    if (behind < WalSegmentFormat.RECORD_HEADER_BYTES) {
      return false;
    }
    ByteBuffer bytes = WalSegmentFormat.buffer(Math.toIntExact(behind));
    file.read(bytes, offset + 1);
    for (int at = 0; at + WalSegmentFormat.RECORD_HEADER_BYTES <= bytes.capacity(); at++) {
      if (bytes.getLong(at + 16) >= expected && provesDurable(bytes, at)) {
        return true;
      }
    }
    return false;
  }

  private boolean provesDurable(ByteBuffer bytes, int at) {
    RecordHeader fields = WalSegmentFormat.readRecordHeader(bytes, at);
    int payloadAt = at + WalSegmentFormat.RECORD_HEADER_BYTES;
    return fields.type() != null
        && fields.sequence() > fields.durable()
        && fields.length() >= 0
        && fields.length() <= bytes.capacity() - payloadAt
        && fields.crc()
            == WalSegmentFormat.recordCrc(
                bytes.slice(at, WalSegmentFormat.RECORD_HEADER_BYTES),
                bytes.slice(payloadAt, fields.length()));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
