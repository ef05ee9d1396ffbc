package io.arbalest.store.log;

import java.nio.ByteBuffer;

/**
 * A record of a {@link ShardLog}.
 *
 * @param sequence its place
 * @param type what its payload is
 * @param payload its bytes, owned by the receiver
 */
public record LogRecord(long sequence, RecordType type, ByteBuffer payload) {}
