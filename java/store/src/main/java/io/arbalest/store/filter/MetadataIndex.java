package io.arbalest.store.filter;

import io.arbalest.store.rows.ColumnReader;
import io.arbalest.store.rows.RowStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.roaringbitmap.BitSetUtil;

/**
 * The indexes of a dataset's metadata columns. Rows never change, so an index is a list of segments
 * that do not change either, each with a part for every column:
 *
 * <pre>
 *   | 65,536 rows | 65,536 rows | 8,192 | 8,192 | 1,024 | rows not sealed yet: the columns are read
 * </pre>
 *
 * Whenever 1,024 more rows are there the writing thread seals them, together with the smaller
 * segments before them once these fill a larger one: so a row is indexed three times, and a filter
 * reads fewer than 1,024 rows itself. Deleted rows stay in the segments and are taken out of each
 * answer.
 *
 * <p>One thread writes. Readers take no lock: they see the segments by one volatile read, and the
 * other rows in the columns.
 */
public final class MetadataIndex {
  private static final int[] SEGMENT_ROWS = {1 << 16, 1 << 13, 1 << 10};
  private static final int SEALED_ROWS_MIN = SEGMENT_ROWS[SEGMENT_ROWS.length - 1];

  /** A bitmap a value takes a text column only where a value has this many rows on average. */
  private static final int ROWS_A_VALUE_MIN = 16;

  private static final Segment[] NO_SEGMENTS = {};

  private final RowStore rows;
  private volatile List<IndexedColumn> columns = List.of();
  private volatile Segment[] sealed = NO_SEGMENTS;

  /** A column and how it is to be indexed. */
  private record IndexedColumn(
      String name, ColumnReader reader, IndexKind kind, ColumnKind type, TextPool texts) {}

  /** Indexes what is in the store. */
  public MetadataIndex(RowStore rows, List<Field> fields) {
    this.rows = rows;
    addColumns(fields);
    rowsAdded();
  }

  /** Indexes columns that were added to the store. Called by the one writing thread. */
  public void addColumns(List<Field> fields) {
    List<IndexedColumn> all = new ArrayList<>(columns);
    int before = all.size();
    for (Field field : fields) {
      all.add(
          new IndexedColumn(
              field.getName(),
              rows.reader(all.size()),
              IndexKind.of(field),
              ColumnKind.of(field),
              new TextPool()));
    }
    columns = all; // and not changed any more
    Segment[] segments = sealed.clone();
    for (int i = 0; i < segments.length; i++) {
      Segment old = segments[i];
      ColumnSegment[] parts = Arrays.copyOf(old.columns(), all.size());
      for (int column = before; column < parts.length; column++) {
        parts[column] = build(all.get(column), old.first(), old.count());
      }
      segments[i] = new Segment(old.first(), old.end(), parts);
    }
    sealed = segments;
  }

  /** Takes in rows that were added to the store. Called by the one writing thread. */
  public void rowsAdded() {
    Segment[] before = sealed;
    List<Segment> segments = null;
    int end = before.length == 0 ? 0 : before[before.length - 1].end();
    while (rows.rows() - end >= SEALED_ROWS_MIN) {
      if (segments == null) {
        segments = new ArrayList<>(Arrays.asList(before));
      }
      end = seal(segments, end);
    }
    if (segments != null) {
      sealed = segments.toArray(NO_SEGMENTS);
    }
  }

  /** Seals the next rows; returns where they end. */
  private int seal(List<Segment> segments, int from) {
    int end = from;
    for (int size : SEGMENT_ROWS) {
      if (from % size == 0 && rows.rows() - from >= size) {
        end = from + size;
        break;
      }
    }
    for (int size : SEGMENT_ROWS) {
      if (end % size == 0) { // it fills the place of smaller ones
        int first = end - size;
        segments.removeIf(segment -> segment.first() >= first);
        segments.add(build(first, end));
        break;
      }
    }
    return end;
  }

  private Segment build(int first, int end) {
    return new Segment(
        first,
        end,
        columns.stream()
            .map(column -> build(column, first, end - first))
            .toArray(ColumnSegment[]::new));
  }

  private static ColumnSegment build(IndexedColumn column, int first, int count) {
    ColumnReader reader = column.reader;
    return switch (column.kind) {
      case NONE -> new ScanSegment(reader, first, count);
      case BITMAP -> ValueSegment.build(reader, first, count, column.texts, Integer.MAX_VALUE);
      case EXACT -> new HashSegment(reader, first, count);
      case RANGE -> new RangeSegment((ColumnReader.Numbers) reader, first, count);
      case AUTO ->
          switch (column.type) {
            case BOOL -> ValueSegment.build(reader, first, count, column.texts, 2);
            case INTEGER, FLOATING, TIME ->
                new RangeSegment((ColumnReader.Numbers) reader, first, count);
            case TEXT, TEXT_LIST -> {
              ColumnSegment byValue =
                  ValueSegment.build(reader, first, count, column.texts, count / ROWS_A_VALUE_MIN);
              yield byValue == null ? new HashSegment(reader, first, count) : byValue;
            }
          };
    };
  }

  /**
   * The rows that match a filter, whether they live or not.
   *
   * @param known what is known of the filter already, {@link Matches#NONE} for nothing: only rows
   *     behind it are asked
   * @param end how many rows to answer for, no fewer than are known and no more than there are
   */
  Matches match(BoundFilter filter, Matches known, int end) {
    if (known.rows() == end) {
      return known;
    }
    long[] words = Arrays.copyOf(known.words(), Matches.words(end));
    int first = known.rows() & -Long.SIZE; // the last word may get more bits
    for (Segment segment : sealed) {
      int last = Math.min(segment.end(), end);
      if (last > first) {
        boolean few = last - first < SEALED_ROWS_MIN;
        match(filter, few ? unsealed(first, last) : segment, end, words);
        first = last;
      }
    }
    if (first < end) {
      match(filter, unsealed(first, end), end, words);
    }
    return new Matches(end, words);
  }

  private Segment unsealed(int first, int end) {
    return new Segment(
        first,
        end,
        columns.stream()
            .map(column -> new ScanSegment(column.reader, first, end - first))
            .toArray(ColumnSegment[]::new));
  }

  private static void match(BoundFilter filter, Segment segment, int end, long[] words) {
    int last = Math.min(segment.end(), end);
    long[] found = BitSetUtil.toLongArray(filter.root().select(segment, null));
    int at = segment.first() >>> 6;
    int count = Math.min(found.length, Matches.words(last - segment.first()));
    System.arraycopy(found, 0, words, at, count);
    if (last == end && (end & 63) != 0) {
      words[words.length - 1] &= (1L << end) - 1;
    }
  }

  /**
   * Those of the rows that live. A row that is deleted meanwhile may be in it or not: a caller that
   * cares holds writes back, or looks afterwards whether there were any.
   */
  RowFilter living(Matches matches) {
    if (rows.deletedRows() == 0) {
      return new RowFilter(matches.rows(), matches.words());
    }
    long[] words = matches.words().clone();
    rows.takeOutDeleted(words);
    return new RowFilter(matches.rows(), words);
  }

  /** What each column's index is and takes. */
  public List<ColumnIndex> columns() {
    Segment[] segments = sealed;
    List<IndexedColumn> all = columns;
    List<ColumnIndex> answer = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      IndexedColumn column = all.get(i);
      Set<IndexKind> kinds = new LinkedHashSet<>();
      long bytes = column.texts.bytes();
      for (Segment segment : segments) {
        if (i >= segment.columns().length) {
          continue; // the column was added a moment ago
        }
        kinds.add(segment.columns()[i].kind());
        bytes += segment.columns()[i].bytes();
      }
      answer.add(new ColumnIndex(column.name, column.kind, kinds, bytes));
    }
    return answer;
  }
}
