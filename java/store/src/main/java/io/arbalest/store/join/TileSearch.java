package io.arbalest.store.join;

import io.arbalest.store.Dataset;
import io.arbalest.store.SearchAnswer;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/**
 * Searches the right side with rows of a tile, in as many slices as there are cores: the caller's
 * thread and those of the common pool, which is bounded.
 */
final class TileSearch {
  /** Rows of a slice at least: fewer do not pay for a hand-over. */
  private static final int SLICE_ROWS_MIN = 32;

  private final Dataset right;
  private final Duration timeout;
  private final long deadline;
  private final BufferAllocator allocator;
  private long visited;
  private String strategy;
  private boolean exhausted;

  TileSearch(Dataset right, Duration timeout, BufferAllocator allocator) {
    this.right = right;
    this.timeout = timeout;
    this.deadline = timeout == null ? 0 : System.nanoTime() + timeout.toNanos();
    this.allocator = allocator;
  }

  /** Rows looked at so far. */
  long visited() {
    return visited;
  }

  /** Whether an answer was shorter than asked for. */
  boolean exhausted() {
    return exhausted;
  }

  /** How the last rows were found; null before the first. */
  String strategy() {
    return strategy;
  }

  /**
   * The answers to some rows of a tile, in their order; the {@code query} of an answer is a number
   * within its own slice. To be closed by the caller.
   *
   * @param template everything but queries and timeout
   */
  List<Slice> run(Tile tile, int[] rows, SearchRequest template) {
    Duration left = left();
    int processors = Runtime.getRuntime().availableProcessors();
    int slices = Math.max(1, Math.min(processors, rows.length / SLICE_ROWS_MIN));
    Slice[] done = new Slice[slices];
    try {
      IntStream.range(0, slices)
          .parallel()
          .forEach(
              i -> {
                int first = (int) ((long) rows.length * i / slices);
                int end = (int) ((long) rows.length * (i + 1) / slices);
                done[i] = search(tile, rows, first, end, template, left);
              });
    } catch (RuntimeException e) {
      for (Slice slice : done) {
        if (slice != null) {
          slice.close();
        }
      }
      throw e;
    }
    List<Slice> answers = new ArrayList<>(List.of(done));
    for (Slice slice : answers) {
      visited += slice.answer().visited();
      strategy = slice.answer().strategy();
      exhausted |= slice.answer().exhausted();
    }
    return answers;
  }

  private Duration left() {
    if (timeout == null) {
      return null;
    }
    long nanos = deadline - System.nanoTime();
    if (nanos <= 0) {
      throw new StoreException(
          StoreException.Category.DEADLINE_EXCEEDED,
          String.format("timeout_ms: it took longer than %d ms", timeout.toMillis()));
    }
    return Duration.ofNanos(nanos);
  }

  private Slice search(
      Tile tile, int[] rows, int first, int end, SearchRequest template, Duration left) {
    try (FixedSizeListVector queries = tile.gather(rows, first, end - first, allocator)) {
      SearchRequest request = template.with().queries(queries).timeout(left).cache(false).build();
      return new Slice(first, right.search(request, allocator));
    }
  }

  /**
   * What a slice found.
   *
   * @param first where in the rows searched its query 0 is
   */
  record Slice(int first, SearchAnswer answer) implements AutoCloseable {
    @Override
    public void close() {
      answer.close();
    }
  }
}
