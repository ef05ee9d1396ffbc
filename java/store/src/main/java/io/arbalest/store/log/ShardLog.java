package io.arbalest.store.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The ordered record of writes of one shard; what is applied was in the log before. Sequences are
 * 1, 2, 3, ... without gaps.
 *
 * <p>This is the seam where a replicated log takes the place of the local one: there is always one
 * log. One thread appends; everything else may be called from any.
 */
public interface ShardLog extends AutoCloseable {
  /** Takes the records of a replay, in order. */
  @FunctionalInterface
  interface Visitor {
    void accept(LogRecord record) throws IOException;
  }

  /**
   * Adds a record; it is durable after the next {@link #sync}.
   *
   * @param payload read from its position to its limit
   * @return the record's sequence
   * @throws io.arbalest.store.disk.DiskFullException if there is no room: the log is as before, and
   *     a later append may succeed
   * @throws IOException on any other failure: the log takes no more records
   */
  long append(RecordType type, ByteBuffer payload) throws IOException;

  /**
   * Makes every appended record durable.
   *
   * @throws IOException if that fails: the log takes no more records, since a second sync could
   *     report success for bytes that the first one lost
   */
  void sync() throws IOException;

  /**
   * Visits every record from this sequence on.
   *
   * @throws io.arbalest.store.StoreException CORRUPT naming file and offset if the records are not
   *     all there and intact
   */
  void replay(long from, Visitor visitor) throws IOException;

  /** Forgets records up to this sequence, as far as whole segments allow. */
  void trim(long to) throws IOException;

  /** The last record's sequence; 0 if there never was one. */
  long lastSequence();

  /** Every record up to this one is durable. */
  long durableSequence();

  /** Bytes on disk. */
  long bytes();

  /** Files on disk. */
  int segments();

  @Override
  void close() throws IOException;
}
