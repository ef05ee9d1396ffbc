package io.arbalest.bench.service;

import io.arbalest.bench.ann.KeptIndexes;
import io.arbalest.bench.ann.PeerFailedException;
import io.arbalest.bench.ann.PeerIndexOptions;
import io.arbalest.bench.ann.PeerOptions;
import io.arbalest.bench.ann.PeerProcess;
import io.arbalest.bench.ann.Peers;
import io.arbalest.bench.data.DataOptions;
import io.arbalest.server.cli.io.VectorFile;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import it.unimi.dsi.fastutil.longs.LongSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Other libraries that search all rows with the left rows of a join, as one batch of queries. */
final class JoinPeers implements AutoCloseable {
  private final List<PeerProcess> peers = new ArrayList<>();
  private final Map<String, String> leftOut = new LinkedHashMap<>();

  /**
   * Starts the peers and has them build their indexes, or load them.
   *
   * @param leftRows the first rows of the base
   * @param scratch a directory that outlives this
   */
  JoinPeers(
      PeerOptions options, PeerIndexOptions indexes, DataOptions data, int leftRows, Path scratch)
      throws IOException, InterruptedException {
    Path left = scratch.resolve("left.fbin");
    try (VectorFile base = VectorFile.open(data.base())) {
      write(left, base.readFloats(0, Math.min(leftRows, base.rows())), base.dimension());
      PeerProcess.PeerData files = indexes.files(data, left);
      KeptIndexes kept = indexes.kept(files, base.rows(), base.dimension());
      Peers started = new Peers(scratch, files, kept, options.java());
      for (PeerProcess peer : started.start(Peers.expandAll(options.named()))) {
        build(peer, indexes.threads());
      }
      leftOut.putAll(started.unavailable());
    }
  }

  private void build(PeerProcess peer, int threads) throws IOException {
    try {
      peer.build(threads);
      peers.add(peer);
    } catch (PeerFailedException e) {
      leftOut.put(peer.name(), e.getMessage());
      peer.close();
    }
  }

  private static void write(Path file, float[][] rows, int dimension) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + rows.length * dimension * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(rows.length).putInt(dimension);
    for (float[] row : rows) {
      for (float component : row) {
        bytes.putFloat(component);
      }
    }
    Files.write(file, bytes.array());
  }

  /** Those that run. */
  List<PeerProcess> running() {
    return peers;
  }

  /** Those that do not, and why. */
  Map<String, String> leftOut() {
    return leftOut;
  }

  /** The pairs of a peer's answers: left row times the number of all rows, plus right row. */
  static LongSet pairs(int[][] answers, long rows) {
    LongSet pairs = new LongOpenHashSet();
    for (int left = 0; left < answers.length; left++) {
      for (int right : answers[left]) {
        if (right >= 0) {
          pairs.add(left * rows + right);
        }
      }
    }
    return pairs;
  }

  @Override
  public void close() throws IOException {
    for (PeerProcess peer : peers) {
      peer.close();
    }
  }
}
