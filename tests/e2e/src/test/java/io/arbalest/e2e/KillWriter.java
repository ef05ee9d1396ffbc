package io.arbalest.e2e;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PutAck;
import io.arbalest.client.PutOptions;
import io.arbalest.client.PutStream;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * Writes ids of its own, puts pipelined and deletes between them, until the server is gone or it is
 * told to finish.
 */
final class KillWriter extends Thread {
  static final int DIMENSION = 8;

  /** Versions are whole numbers that float32 and float16 hold exactly. */
  static final int VERSIONS_IN_VECTOR = 1000;

  private static final int IDS = 300;
  private static final int BATCH_MAX = 20;

  /** Often, as most lives are short: what follows a snapshot is what recovery has to add to it. */
  private static final int SNAPSHOT_EVERY = 3;

  private final String uri;
  private final String dataset;
  private final long firstId;
  private final int round;
  private final Random random;
  private final KillOracle oracle;
  private final Queue<Set<Long>> sent = new ConcurrentLinkedQueue<>();
  private final AtomicLong acknowledged = new AtomicLong();
  private volatile Throwable surprise;
  private volatile boolean finishing;
  private int step;

  KillWriter(String uri, String dataset, int writer, int round, long seed, KillOracle oracle) {
    super("kill-writer-" + writer);
    this.uri = uri;
    this.dataset = dataset;
    this.firstId = (long) writer * IDS;
    this.round = round;
    this.random = new Random(seed);
    this.oracle = oracle;
  }

  /** Writes that the server acknowledged. */
  long acknowledged() {
    return acknowledged.get();
  }

  /** Ends it once what it has sent is acknowledged. */
  void finish() {
    finishing = true;
  }

  /** The end of the server is no surprise; everything else is. */
  void throwIfSurprised() {
    if (surprise != null) {
      throw new AssertionError(getName() + " failed", surprise);
    }
  }

  @Override
  public void run() {
    try (ArbalestClient client = ArbalestClient.connect(uri)) {
      while (surprise == null && !finishing) {
        puts(client, 1 + random.nextInt(8));
        if (random.nextInt(SNAPSHOT_EVERY) == 0) {
          client.snapshot(dataset);
        }
        delete(client);
      }
    } catch (FlightRuntimeException e) {
      if (e.status().code() != FlightStatusCode.UNAVAILABLE) {
        surprise = e;
      }
    } catch (RuntimeException | Error e) {
      surprise = e;
    }
  }

  private void puts(ArbalestClient client, int batches) {
    PutOptions options =
        PutOptions.DEFAULT.withRetryFor(Duration.ZERO).withWindow(4).withOnAck(this::acknowledge);
    try (VectorSchemaRoot like = batch(client, Set.of(firstId), 0);
        PutStream stream = client.openPut(dataset, like, options)) {
      for (int i = 0; i < batches; i++) {
        Set<Long> ids = someIds();
        long version = version();
        oracle.sent(ids, version);
        sent.add(ids);
        try (VectorSchemaRoot rows = batch(client, ids, version)) {
          stream.put(rows);
        }
      }
      stream.finish();
    }
  }

  private void acknowledge(PutAck ack) {
    oracle.acknowledged(sent.remove());
    acknowledged.incrementAndGet();
  }

  private void delete(ArbalestClient client) {
    Set<Long> ids = someIds();
    oracle.sent(ids, KillOracle.ABSENT);
    client.delete(dataset, ids.stream().mapToLong(Long::longValue).toArray());
    oracle.acknowledged(ids);
    acknowledged.incrementAndGet();
  }

  private Set<Long> someIds() {
    Set<Long> ids = new TreeSet<>();
    int count = 1 + random.nextInt(BATCH_MAX);
    for (int i = 0; i < count; i++) {
      ids.add(firstId + random.nextInt(IDS));
    }
    return ids;
  }

  private long version() {
    return round * 100_000L + step++;
  }

  static VectorSchemaRoot batch(ArbalestClient client, Set<Long> ids, long version) {
    long[] all = ids.stream().mapToLong(Long::longValue).toArray();
    float[][] vectors = new float[all.length][DIMENSION];
    long[] versions = new long[all.length];
    String[] texts = new String[all.length];
    for (int row = 0; row < all.length; row++) {
      versions[row] = version;
      texts[row] = KillTexts.text(all[row], version);
      vectors[row][0] = version % VERSIONS_IN_VECTOR;
      // Every id has a direction of its own, so that a search for its vector finds it alone.
      vectors[row][1] = all[row];
      vectors[row][2] = 1;
    }
    return Batches.in(client.allocator())
        .ids("id", all)
        .vectors("vector", Batches.SINGLE, vectors)
        .ids("version", versions)
        .texts(KillTexts.COLUMN, texts)
        .root(Map.of("arbalest.metric", "l2", "arbalest.text_columns", KillTexts.COLUMN));
  }
}
