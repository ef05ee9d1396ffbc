package io.arbalest.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.disk.DiskFullException;
import io.arbalest.store.disk.OsDisk;
import io.arbalest.store.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalWalTest {
  private static final int SEGMENT_BYTES = 1024;
  private static final int PAYLOAD_BYTES = 100;
  private static final int RECORD_BYTES = WalSegmentFormat.RECORD_HEADER_BYTES + PAYLOAD_BYTES;

  @TempDir Path home;
  private Path directory;
  private final Disk disk = new OsDisk();

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createDirectory(home.resolve("wal"));
  }

  private LocalWal open() throws IOException {
    return LocalWal.open(disk, directory, SEGMENT_BYTES, 0);
  }

  private static ByteBuffer payload(long sequence) {
    byte[] bytes = new byte[PAYLOAD_BYTES];
    Arrays.fill(bytes, (byte) sequence);
    return ByteBuffer.wrap(bytes);
  }

  /** Appends records up to this sequence, each synced. */
  private void write(long last) throws IOException {
    try (LocalWal log = open()) {
      while (log.lastSequence() < last) {
        log.append(RecordType.PUT, payload(log.lastSequence() + 1));
        log.sync();
      }
    }
  }

  private static List<Long> replay(ShardLog log, long from) throws IOException {
    List<Long> sequences = new ArrayList<>();
    log.replay(
        from,
        record -> {
          assertThat(record.payload()).isEqualTo(payload(record.sequence()));
          sequences.add(record.sequence());
        });
    return sequences;
  }

  private List<Path> segments() throws IOException {
    return disk.list(directory);
  }

  private static void flip(Path file, long offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) offset] ^= 0x40;
    Files.write(file, bytes);
  }

  private static void cut(Path file, long size) throws IOException {
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) size));
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(
            () -> {
              try (LocalWal log = open()) {
                replay(log, 1);
              }
            })
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.category()).isEqualTo(Category.CORRUPT))
        .hasMessageContainingAll(parts);
  }

  @Test
  void recordsComeBackInOrderAcrossSegments() throws IOException {
    write(30);
    try (LocalWal log = open()) {
      assertThat(log.segments()).isGreaterThan(3);
      assertThat(log.lastSequence()).isEqualTo(30);
      assertThat(log.durableSequence()).isEqualTo(30);
      assertThat(replay(log, 1)).hasSize(30).isSorted().startsWith(1L).endsWith(30L);
      assertThat(replay(log, 17)).hasSize(14).startsWith(17L);
      assertThat(replay(log, 31)).isEmpty();
    }
  }

  @Test
  void aSequenceIsNeverGivenTwice() throws IOException {
    write(3);
    try (LocalWal log = open()) {
      assertThat(log.append(RecordType.DELETE, payload(4))).isEqualTo(4);
      assertThat(log.durableSequence()).isEqualTo(3);
      log.sync();
      assertThat(log.durableSequence()).isEqualTo(4);
    }
  }

  @Test
  void trimForgetsWholeSegmentsOnly() throws IOException {
    write(30);
    try (LocalWal log = open()) {
      int before = log.segments();
      log.trim(12);
      assertThat(log.segments()).isLessThan(before);
      assertThat(replay(log, 13)).hasSize(18);
      assertThatThrownBy(() -> replay(log, 1)).hasMessageContaining("sequence 1 is missing");
      log.trim(30);
      assertThat(log.segments()).isEqualTo(1);
      assertThat(log.append(RecordType.PUT, payload(31))).isEqualTo(31);
    }
    try (LocalWal log = LocalWal.open(disk, directory, SEGMENT_BYTES, 30)) {
      assertThat(replay(log, 31)).containsExactly(31L);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 33, RECORD_BYTES - 1})
  void aTornLastRecordIsCutOff(int left) throws IOException {
    write(3);
    Path file = segments().get(0);
    cut(file, Files.size(file) - RECORD_BYTES + left);
    try (LocalWal log = open()) {
      assertThat(log.lastSequence()).isEqualTo(2);
      assertThat(replay(log, 1)).containsExactly(1L, 2L);
      assertThat(log.append(RecordType.PUT, payload(3))).isEqualTo(3);
      log.sync();
    }
    try (LocalWal log = open()) {
      assertThat(replay(log, 1)).containsExactly(1L, 2L, 3L);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 16, 24, 25, 31, 32, RECORD_BYTES - 1})
  void anyBrokenByteOfTheLastRecordCutsIt(int at) throws IOException {
    write(3);
    Path file = segments().get(0);
    flip(file, Files.size(file) - RECORD_BYTES + at);
    try (LocalWal log = open()) {
      assertThat(replay(log, 1)).containsExactly(1L, 2L);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 16, 24, 25, 31, 32, RECORD_BYTES - 1})
  void aBrokenByteBeforeADurableRecordIsRefused(int at) throws IOException {
    write(4);
    Path file = segments().get(0);
    long offset = Files.size(file) - 2L * RECORD_BYTES;
    flip(file, offset + at);
    assertRefused(file.toString(), "offset " + offset, "sequence 3");
  }

  @Test
  void recordsOfOneGroupMayReachTheDiskInAnyOrder() throws IOException {
    write(2);
    try (LocalWal log = open()) {
      log.append(RecordType.PUT, payload(3));
      log.append(RecordType.PUT, payload(4)); // never synced, so never acknowledged
    }
    Path file = segments().get(0);
    flip(file, Files.size(file) - 2L * RECORD_BYTES + 40);
    try (LocalWal log = open()) {
      assertThat(replay(log, 1)).containsExactly(1L, 2L);
    }
  }

  @Test
  void damageInAnEarlierSegmentIsRefused() throws IOException {
    write(30);
    Path file = segments().get(1);
    flip(file, Files.size(file) - 1);
    assertRefused(file.toString(), "offset", "checksum");
  }

  @Test
  void anEarlierSegmentThatIsCutShortIsRefused() throws IOException {
    write(30);
    Path file = segments().get(1);
    cut(file, Files.size(file) - RECORD_BYTES);
    assertRefused(file.toString(), "the next segment begins at");
  }

  @Test
  void aMissingSegmentIsRefused() throws IOException {
    write(30);
    Files.delete(segments().get(1));
    assertRefused(segments().get(0).toString(), "the next segment begins at");
  }

  @Test
  void aMissingFirstSegmentIsRefused() throws IOException {
    write(30);
    Files.delete(segments().get(0));
    assertRefused(segments().get(0).toString(), "sequence 1 is missing");
  }

  @Test
  void aMissingLogBehindASnapshotIsRefused() {
    assertThatThrownBy(() -> LocalWal.open(disk, directory, SEGMENT_BYTES, 7))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(directory.toString(), "sequence 7");
  }

  @Test
  void aSegmentOfAnotherKindOrNameIsRefused() throws IOException {
    write(30);
    Path file = segments().get(1);
    flip(file, 3);
    assertRefused(file.toString(), "not a log segment");
    flip(file, 3);
    flip(file, 8);
    assertRefused(file.toString(), "format version");
    flip(file, 8);
    flip(file, 16);
    assertRefused(file.toString(), "header's checksum");
    flip(file, 16);
    Path alien = Files.writeString(directory.resolve("notes.txt"), "?");
    assertRefused(alien.toString());
  }

  @Test
  void anIntactRecordOfAnUnknownTypeIsRefusedNotCut() throws IOException {
    write(1);
    Path file = segments().get(0);
    ByteBuffer payload = payload(2);
    ByteBuffer header = WalSegmentFormat.recordHeader(2, 1, RecordType.PUT, payload);
    header.put(24, (byte) 77);
    header.putInt(4, WalSegmentFormat.recordCrc(header, payload));
    try (var out = disk.open(file)) {
      out.append(header, payload);
    }
    assertRefused(file.toString(), "type 77");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 32})
  void aSegmentWhoseCreationWasCutShortIsRemoved(int bytes) throws IOException {
    write(3);
    Path torn = directory.resolve(WalSegmentFormat.fileName(4));
    Files.write(torn, new byte[bytes]);
    try (LocalWal log = open()) {
      assertThat(replay(log, 1)).containsExactly(1L, 2L, 3L);
      assertThat(log.append(RecordType.PUT, payload(4))).isEqualTo(4);
    }
    assertThat(torn).doesNotExist();
  }

  @Test
  void aFullDiskTurnsARecordAwayAndHeals() throws IOException {
    SimulatedDisk small = new SimulatedDisk(Files.createDirectory(home.resolve("g")), 1);
    try (LocalWal log = LocalWal.open(small, directory, SEGMENT_BYTES, 0)) {
      log.append(RecordType.PUT, payload(1));
      log.sync();
      small.roomFor(50); // a part of a record
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> log.append(RecordType.PUT, payload(2)))
            .isInstanceOf(DiskFullException.class);
      }
      small.roomFor(Long.MAX_VALUE);
      assertThat(log.append(RecordType.PUT, payload(2))).isEqualTo(2);
      log.sync();
      assertThat(replay(log, 1)).containsExactly(1L, 2L);
    }
  }

  @Test
  void aDiskThatIsFullWhenASegmentBeginsHealsToo() throws IOException {
    SimulatedDisk small = new SimulatedDisk(Files.createDirectory(home.resolve("g")), 1);
    try (LocalWal log = LocalWal.open(small, directory, SEGMENT_BYTES, 0)) {
      while (log.bytes() < SEGMENT_BYTES) {
        log.append(RecordType.PUT, payload(log.lastSequence() + 1));
      }
      long last = log.lastSequence();
      small.roomFor(10);
      assertThatThrownBy(() -> log.append(RecordType.PUT, payload(last + 1)))
          .isInstanceOf(DiskFullException.class);
      small.roomFor(Long.MAX_VALUE);
      assertThat(log.append(RecordType.PUT, payload(last + 1))).isEqualTo(last + 1);
      assertThat(log.segments()).isEqualTo(2);
      assertThat(replay(log, 1)).hasSize((int) last + 1);
    }
  }

  @Test
  void afterAFailedSyncNothingIsTakenAnyMore() throws IOException {
    SimulatedDisk bad = new SimulatedDisk(Files.createDirectory(home.resolve("g")), 1);
    try (LocalWal log = LocalWal.open(bad, directory, SEGMENT_BYTES, 0)) {
      log.append(RecordType.PUT, payload(1));
      bad.syncFails(true);
      assertThatThrownBy(log::sync).isInstanceOf(IOException.class);
      bad.syncFails(false); // a second sync would report success for lost bytes
      assertThatThrownBy(log::sync).hasMessageContaining("failed before");
      assertThatThrownBy(() -> log.append(RecordType.PUT, payload(2)))
          .hasMessageContaining("failed before");
      assertThat(log.durableSequence()).isZero();
    }
  }
}
