package io.arbalest.store.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The bytes of a segment file, little endian:
 *
 * <pre>
 *   segment header, 32 bytes                record header, 32 bytes, then the payload
 *   0  magic "ARBALWAL"                     0  length of the payload
 *   8  format version                       4  CRC32C of the rest of the header, and the payload
 *  12  CRC32C of the rest                   8  sequence
 *  16  sequence of the first record        16  sequence that was durable when this was written
 *  24  zero                                24  type, then 7 zero bytes
 * </pre>
 *
 * The file's name is {@code wal-<first sequence, 20 digits>.log}.
 *
 * <p>The durable sequence is what tells a torn tail from rot. Writes between two syncs may reach
 * the disk in any order, so an intact record behind a broken one proves nothing by itself; but if
 * it says that the broken one had been synced before, then something acknowledged is lost.
 */
final class WalSegmentFormat {
  static final int SEGMENT_HEADER_BYTES = 32;
  static final int RECORD_HEADER_BYTES = 32;
  static final int VERSION = 1;

  private static final long MAGIC =
      ByteBuffer.wrap("ARBALWAL".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
          .order(ByteOrder.LITTLE_ENDIAN)
          .getLong();
  private static final Pattern NAME = Pattern.compile("wal-([0-9]{20})\\.log");

  private WalSegmentFormat() {}

  /** The fields of a record's header; {@code type} is null where the byte is not one of them. */
  record RecordHeader(int length, int crc, long sequence, long durable, RecordType type) {}

  static String fileName(long firstSequence) {
    return String.format("wal-%020d.log", firstSequence);
  }

  /** The first sequence that a file's name tells; empty if it is not a segment's name. */
  static Optional<Long> firstSequence(Path file) {
    Matcher matcher = NAME.matcher(file.getFileName().toString());
    return matcher.matches() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
  }

  static ByteBuffer segmentHeader(long firstSequence) {
    ByteBuffer header = buffer(SEGMENT_HEADER_BYTES);
    header.putLong(0, MAGIC).putInt(8, VERSION).putLong(16, firstSequence);
    return header.putInt(12, crcWithout(header, 12, null));
  }

  /** What is wrong with a segment's header, or null. */
  static String segmentHeaderFault(ByteBuffer header, long firstSequence) {
    if (header.getLong(0) != MAGIC) {
      return "this is not a log segment (magic number)";
    }
    if (header.getInt(8) != VERSION) {
      return "format version " + header.getInt(8) + ", this program reads " + VERSION;
    }
    if (header.getInt(12) != crcWithout(header, 12, null)) {
      return "the header's checksum is wrong";
    }
    if (header.getLong(16) != firstSequence) {
      return "the header says first sequence " + header.getLong(16) + ", the name " + firstSequence;
    }
    return null;
  }

  static ByteBuffer recordHeader(long sequence, long durable, RecordType type, ByteBuffer payload) {
    ByteBuffer header = buffer(RECORD_HEADER_BYTES);
    header.putInt(0, payload.remaining()).putLong(8, sequence).putLong(16, durable);
    header.put(24, (byte) type.code());
    return header.putInt(4, crcWithout(header, 4, payload));
  }

  /** Reads the header at this index of a little-endian buffer. */
  static RecordHeader readRecordHeader(ByteBuffer bytes, int at) {
    return new RecordHeader(
        bytes.getInt(at),
        bytes.getInt(at + 4),
        bytes.getLong(at + 8),
        bytes.getLong(at + 16),
        (bytes.getLong(at + 24) >>> 8) == 0 ? RecordType.ofCode(bytes.get(at + 24)) : null);
  }

  /** The checksum that a record's header should have. */
  static int recordCrc(ByteBuffer header, ByteBuffer payload) {
    return crcWithout(header, 4, payload);
  }

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** CRC32C of a 32-byte header but for the 4 bytes of the checksum itself, then of the payload. */
  private static int crcWithout(ByteBuffer header, int crcAt, ByteBuffer payload) {
    CRC32C crc = new CRC32C();
    ByteBuffer part = header.duplicate();
    crc.update(part.clear().limit(crcAt));
    crc.update(part.clear().position(crcAt + 4).limit(RECORD_HEADER_BYTES));
    if (payload != null) {
      crc.update(payload.duplicate());
    }
    return (int) crc.getValue();
  }
}
