package io.arbalest.server;

import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;

/**
 * Every limit of the server, each with its unit. The record's components are what an operator may
 * tune; the constants are fixed.
 *
 * @param inboundMessageBytes one message from a client; larger: RESOURCE_EXHAUSTED
 * @param headerBytes the headers of one call
 * @param calls calls under way in the whole server; more: RESOURCE_EXHAUSTED
 * @param callsPerConnection calls under way on one connection; more wait in the client
 * @param outgoingBatchBytes what one record batch to a client aims at, in bytes; a single query's
 *     answer may exceed it where its rows do
 * @param outputBufferBytes what one call may have waiting for a slow reader before the server stops
 *     producing; it may overshoot by one batch
 * @param slowReaderMillis how long a call waits for its reader; then TIMED_OUT
 * @param callMemoryBytes memory of all calls together: inbound messages, queries, answers; more:
 *     RESOURCE_EXHAUSTED
 * @param putsInFlight batches of one DoPut that are read and not acknowledged
 * @param drainMillis how long a stopping server waits for calls under way
 */
public record Limits(
    int inboundMessageBytes,
    int headerBytes,
    int calls,
    int callsPerConnection,
    int outgoingBatchBytes,
    int outputBufferBytes,
    int slowReaderMillis,
    long callMemoryBytes,
    int putsInFlight,
    int drainMillis) {

  /** Results a query. */
  public static final int K_MAX = StoreLimits.K_MAX;

  /** Results a query, where the request does not say. */
  public static final int K_DEFAULT = 10;

  /** Breadth of a search. */
  public static final int EF_MAX = StoreLimits.EF_MAX;

  /** Components of a vector. */
  public static final int DIMENSION_MAX = StoreLimits.DIMENSION_MAX;

  /** Rows of one batch of a DoPut, queries of one batch of a DoExchange, ids of one delete. */
  public static final int BATCH_ROWS_MAX = StoreLimits.BATCH_ROWS_MAX;

  /** Queries in one ticket; more belong into a DoExchange. */
  public static final int TICKET_VECTORS_MAX = 1024;

  /** Bytes of a ticket, a command or an action's body. */
  public static final int JSON_BYTES_MAX = 32 << 20;

  /** Milliseconds a search may take, at most. */
  public static final int TIMEOUT_MILLIS_MAX = 600_000;

  /** Milliseconds a search may take where the request does not say. */
  public static final int TIMEOUT_MILLIS_DEFAULT = 10_000;

  /** Milliseconds a join may take, at most: a day. */
  public static final int JOIN_TIMEOUT_MILLIS_MAX = 86_400_000;

  /** Threads that deliver messages to calls; they never wait. */
  public static final int CALLBACK_THREADS = 4;

  /** Threads that write acknowledgements of puts. */
  public static final int ACK_THREADS = 2;

  /** Threads that answer on the HTTP port. */
  public static final int HTTP_THREADS = 2;

  /** Requests that wait for an HTTP thread. */
  public static final int HTTP_QUEUE = 16;

  /** What a server starts with. */
  public static final Limits DEFAULT =
      new Limits(64 << 20, 16 << 10, 128, 64, 4 << 20, 1 << 20, 60_000, 4L << 30, 16, 30_000);

  public Limits {
    check("inbound_message_bytes", inboundMessageBytes, 1 << 10, Integer.MAX_VALUE);
    check("header_bytes", headerBytes, 1 << 10, 1 << 20);
    check("calls", calls, 1, 4096);
    check("calls_per_connection", callsPerConnection, 1, 4096);
    check("outgoing_batch_bytes", outgoingBatchBytes, 1 << 10, 1 << 30);
    check("output_buffer_bytes", outputBufferBytes, 1 << 10, 1 << 30);
    check("slow_reader_ms", slowReaderMillis, 1, 24 * 3_600_000);
    check("call_memory_bytes", callMemoryBytes, 1 << 20, Long.MAX_VALUE);
    check("puts_in_flight", putsInFlight, 1, 1024);
    check("drain_ms", drainMillis, 0, 3_600_000);
  }

  /** The same with this size of a message. */
  public Limits withInboundMessageBytes(int bytes) {
    return new Limits(
        bytes,
        headerBytes,
        calls,
        callsPerConnection,
        outgoingBatchBytes,
        outputBufferBytes,
        slowReaderMillis,
        callMemoryBytes,
        putsInFlight,
        drainMillis);
  }

  /** The same with this many calls. */
  public Limits withCalls(int atOnce) {
    return new Limits(
        inboundMessageBytes,
        headerBytes,
        atOnce,
        callsPerConnection,
        outgoingBatchBytes,
        outputBufferBytes,
        slowReaderMillis,
        callMemoryBytes,
        putsInFlight,
        drainMillis);
  }

  /** The same with these bounds of what goes out. */
  public Limits withOutput(int batchBytes, int bufferBytes, int readerMillis) {
    return new Limits(
        inboundMessageBytes,
        headerBytes,
        calls,
        callsPerConnection,
        batchBytes,
        bufferBytes,
        readerMillis,
        callMemoryBytes,
        putsInFlight,
        drainMillis);
  }

  /** The same with this much memory. */
  public Limits withCallMemoryBytes(long bytes) {
    return new Limits(
        inboundMessageBytes,
        headerBytes,
        calls,
        callsPerConnection,
        outgoingBatchBytes,
        outputBufferBytes,
        slowReaderMillis,
        bytes,
        putsInFlight,
        drainMillis);
  }

  /** Refuses a number outside its range. */
  public static void check(String field, long found, long min, long max) {
    if (found < min || found > max) {
      throw StoreException.invalid("%s: found %d, allowed %d..%d", field, found, min, max);
    }
  }
}
