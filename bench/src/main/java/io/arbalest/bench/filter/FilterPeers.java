package io.arbalest.bench.filter;

import io.arbalest.bench.ann.PeerFailedException;
import io.arbalest.bench.ann.PeerProcess;
import io.arbalest.bench.ann.PeerRefusedException;
import io.arbalest.bench.ann.RowFilter;
import io.arbalest.bench.report.Median;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Other libraries under the same filters, each at the least breadth that has the recall wanted.
 * Their filters come to them as bitmaps, made before a clock runs: what a store that filters by
 * values had to make first, and keeps.
 */
final class FilterPeers implements AutoCloseable {
  private static final int EF_MAX = 4096;

  private final List<PeerProcess> peers = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final Map<String, String> leftOut = new LinkedHashMap<>();
  private final List<FilterPeerRow> rows = new ArrayList<>();
  private final List<FilterCell> cells;
  private final FilterTruth truth;
  private final int rowCount;
  private final double seconds;

  /** Who is in the cell at hand. */
  private final List<Entry> entries = new ArrayList<>();

  private static final class Entry {
    private final PeerProcess peer;
    private final LeastBreadth.Found found;
    private final boolean reached;
    private final List<Double> meanUs = new ArrayList<>();
    private Double distances;

    Entry(PeerProcess peer, LeastBreadth.Found found, boolean reached) {
      this.peer = peer;
      this.found = found;
      this.reached = reached;
    }
  }

  /**
   * @param cells those of the truth; the first is the search without a filter
   * @param rowCount of the base
   * @param seconds after which no other breadth of a peer is tried under a filter
   */
  FilterPeers(List<FilterCell> cells, FilterTruth truth, int rowCount, double seconds) {
    this.cells = cells;
    this.truth = truth;
    this.rowCount = rowCount;
    this.seconds = seconds;
  }

  /**
   * Takes a peer in and has it build its index, or load it; one that has no filters, or fails, is
   * closed and listed.
   *
   * @param threads of the build
   */
  void add(PeerProcess peer, int threads) throws IOException {
    peers.add(peer);
    names.add(peer.name());
    try {
      peer.filter(List.of(), rowCount, any());
      peer.build(threads);
      System.err.println("ready: " + peer.name() + ": " + peer.about());
    } catch (PeerFailedException e) {
      names.remove(peer.name());
      leaveOut(peer, e.getMessage());
    }
  }

  private void leaveOut(PeerProcess peer, String reason) throws IOException {
    peers.remove(peer);
    peer.close();
    leaveOut(peer.name(), reason);
  }

  private PeerProcess.Breadths any() {
    return new PeerProcess.Breadths(truth.k(), EF_MAX);
  }

  /** Gives the peers a cell's filters, and finds the breadth of each. */
  void begin(int cell, double recall) throws IOException {
    entries.clear();
    List<RowFilter> parts =
        cells.get(cell).parts().stream()
            .map(
                part ->
                    new RowFilter(part.queries(), part.filter() == null ? null : part.matches()))
            .toList();
    for (PeerProcess peer : List.copyOf(peers)) {
      try {
        PeerProcess.Breadths worth = peer.filter(parts, rowCount, any());
        long end = System.nanoTime() + (long) (seconds * 1e9);
        LeastBreadth.Found found =
            LeastBreadth.of(
                worth.min(),
                worth.max(),
                recall,
                () -> System.nanoTime() < end,
                ef -> recall(cell, peer.searchFiltered(ef, truth.k()).answers()));
        entries.add(new Entry(peer, found, found.recall() >= recall));
      } catch (PeerFailedException e) {
        fail(cell, peer, e);
      }
    }
  }

  /** A peer that refuses misses this cell; one that fails otherwise is out. */
  private void fail(int cell, PeerProcess peer, PeerFailedException e) throws IOException {
    rows.add(FilterPeerRow.failed(peer.name(), cells.get(cell), e.getMessage()));
    System.err.println(cells.get(cell).name() + ": " + peer.name() + ": " + e.getMessage());
    if (!(e instanceof PeerRefusedException)) {
      leaveOut(peer, e.getMessage());
    }
  }

  private double recall(int cell, int[][] answers) {
    long found = 0;
    long wanted = 0;
    for (FilterCell.Part part : cells.get(cell).parts()) {
      for (int query : part.queries()) {
        found += truth.found(cell, query, answers[query]);
        wanted += truth.wanted(cell, query);
      }
    }
    return wanted == 0 ? 1 : (double) found / wanted;
  }

  /** A turn of each peer with all queries of the cell; each round another one begins. */
  void turn(int cell) throws IOException {
    Collections.rotate(entries, -1);
    for (Entry entry : List.copyOf(entries)) {
      try {
        PeerProcess.FilteredRun run = entry.peer.searchFiltered(entry.found.ef(), truth.k());
        entry.meanUs.add(run.meanUs());
        entry.distances = run.distances();
      } catch (PeerFailedException e) {
        entries.remove(entry);
        fail(cell, entry.peer, e);
      }
    }
  }

  /**
   * Makes rows of the turns of a cell.
   *
   * @param ourMeanNanos of Arbalest's turns, in the order of the rounds
   */
  void end(int cell, double[] ourMeanNanos) {
    for (Entry entry : entries) {
      double[] means = entry.meanUs.stream().mapToDouble(Double::doubleValue).toArray();
      double[] ratios = new double[means.length];
      for (int round = 0; round < ratios.length; round++) {
        ratios[round] = means[round] / (ourMeanNanos[round] / 1e3);
      }
      FilterPeerRow row =
          new FilterPeerRow(
              entry.peer.name(),
              cells.get(cell).name(),
              cells.get(cell).kind(),
              entry.found.ef(),
              entry.found.recall(),
              entry.reached,
              entry.found.complete(),
              Median.of(means),
              Median.of(ratios),
              entry.distances,
              null);
      rows.add(row);
      System.err.println("  " + row.system() + ": " + FilterPeerTable.cell(row));
    }
  }

  /** Whether none was asked for. */
  boolean isEmpty() {
    return names.isEmpty() && leftOut.isEmpty();
  }

  /** Every peer that began, in the order they were named. */
  List<String> names() {
    return List.copyOf(names);
  }

  List<FilterPeerRow> rows() {
    return List.copyOf(rows);
  }

  /** Peers that could not run, or not to the end, and why. */
  Map<String, String> leftOut() {
    return Collections.unmodifiableMap(leftOut);
  }

  /** Lists one that did not even start. */
  void leaveOut(String peer, String reason) {
    leftOut.put(peer, reason);
    System.err.println("left out: " + peer + ": " + reason);
  }

  @Override
  public void close() throws IOException {
    for (PeerProcess peer : peers) {
      peer.close();
    }
  }
}
