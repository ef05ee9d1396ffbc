package io.arbalest.store.text;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.disk.Disk;
import io.arbalest.store.filter.RowFilter;
import io.arbalest.store.rows.RowStore;
import it.unimi.dsi.fastutil.ints.IntList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.util.BytesRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The words of a dataset's text columns by row, ranked by BM25 (k1 = 1.2, b = 0.75), in the
 * directory {@value #DIRECTORY} of the dataset.
 *
 * <p>It is derived data: rows keep their numbers and their texts for ever, so whatever is missing
 * or damaged here is taken from the columns again, and nothing that happens to it stops a write or
 * a start. A commit holds the first rows up to some number, and tells a sequence that is not below
 * any write in it; see {@link #open}. If it fails while open (a full disk), searches by text are
 * refused until it is open again, which such a search tries.
 *
 * <p>One thread adds and deletes; any thread may search, commit and ask.
 */
public final class TextIndex implements AutoCloseable {
  /** Its directory in a dataset's directory. */
  public static final String DIRECTORY = "text";

  static final String TEXT_FIELD = "text";
  static final String ROW_FIELD = "row";

  private static final Logger LOG = LoggerFactory.getLogger(TextIndex.class);
  private static final String SEQUENCE = "arbalest.sequence";
  private static final String FORMAT = "arbalest.format";

  /** Raised when documents or words are made otherwise: an older index is then made anew. */
  private static final String FORMAT_NOW = "1";

  /** Fewer matching rows than this are looked up one by one before any word is. */
  private static final int ROWS_LOOKED_UP_MAX = 4096;

  /** Rows that are copied from the columns at a time. */
  private static final int CATCH_UP_ROWS = 128;

  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Disk disk;
  private final Path directory;
  private final DatasetSpec spec;
  private final RowStore rows;
  private final BufferAllocator allocator;
  private final int[] columns;
  private final ReentrantLock changing = new ReentrantLock(); // adding, deleting, opening again
  private int nextRow; // rows before it have their documents
  private long triedAgain; // nanoTime of the last opening after a failure
  private volatile long sequence; // of the last write begun
  private volatile LuceneIndex lucene; // null: it failed
  private volatile String failure;

  private TextIndex(
      Disk disk,
      Path directory,
      DatasetSpec spec,
      RowStore rows,
      BufferAllocator allocator,
      long sequence) {
    this.disk = disk;
    this.directory = directory;
    this.spec = spec;
    this.rows = rows;
    this.allocator = allocator;
    this.columns = spec.textColumnNumbers();
    this.sequence = sequence;
  }

  /**
   * Opens the index of a dataset and brings it up to the dataset's rows; makes it anew if it is
   * damaged, of another format, or ahead of the dataset, as after a power failure that took writes
   * which were not durable.
   *
   * @param datasetDirectory of the dataset
   * @param spec has text columns
   * @param rows all of them are read
   * @param allocator for the texts of some rows at a time
   * @param sequence of the last write that {@code rows} has
   */
  public static TextIndex open(
      Disk disk,
      Path datasetDirectory,
      DatasetSpec spec,
      RowStore rows,
      BufferAllocator allocator,
      long sequence) {
    Path directory = datasetDirectory.resolve(DIRECTORY);
    TextIndex index = new TextIndex(disk, directory, spec, rows, allocator, sequence);
    index.changing.lock();
    try {
      index.openFiles();
    } catch (IOException | RuntimeException e) {
      index.failed(null, "could not be opened", e);
    } finally {
      index.changing.unlock();
    }
    return index;
  }

  private void openFiles() throws IOException {
    long started = System.nanoTime();
    if (disk.exists(directory)) {
      try {
        catchUp(checked(), started);
        return;
      } catch (IOException | RuntimeException e) {
        LOG.warn("{}: the text index is made anew from the columns: {}", directory, e.toString());
        disk.deleteTree(directory);
      }
    }
    disk.createDirectory(directory);
    disk.syncDirectory(directory.getParent());
    catchUp(new LuceneIndex(disk, directory, this::commitData), started);
  }

  /** The index that the files hold, if they are whole and of this dataset. */
  private LuceneIndex checked() throws IOException {
    LuceneIndex index = new LuceneIndex(disk, directory, this::commitData);
    try {
      Map<String, String> committed = index.committed();
      if (!committed.isEmpty()) { // else it is empty: no commit was finished
        if (!FORMAT_NOW.equals(committed.get(FORMAT))) {
          throw new IOException(
              "format " + committed.get(FORMAT) + ", this program writes " + FORMAT_NOW);
        }
        long has = Long.parseLong(committed.get(SEQUENCE));
        if (has > sequence) {
          throw new IOException("it has write " + has + ", the dataset ends at " + sequence);
        }
        index.checkIntegrity();
      }
      return index;
    } catch (IOException | RuntimeException e) {
      closeQuietly(index);
      throw e;
    }
  }

  private Iterator<Map.Entry<String, String>> commitData() {
    return Map.of(SEQUENCE, Long.toString(sequence), FORMAT, FORMAT_NOW).entrySet().iterator();
  }

  /** Adds the rows that are missing and deletes those that are deleted. */
  private void catchUp(LuceneIndex index, long started) throws IOException {
    try {
      int end = rows.rows();
      LuceneIndex.Contents contents = index.contents(row -> row >= end || rows.isDeleted(row));
      if (contents.end() > end) {
        throw new IOException("it has row " + (contents.end() - 1) + ", the dataset " + end);
      }
      if (!contents.matching().isEmpty()) {
        index.delete(contents.matching());
      }
      addFromColumns(index, contents.end(), end);
      nextRow = end;
      lucene = index;
      failure = null;
      LOG.info(
          "dataset '{}': text index open, {} rows added to it, {} deleted, in {} ms",
          spec.name(),
          end - contents.end(),
          contents.matching().size(),
          (System.nanoTime() - started) / 1_000_000);
    } catch (IOException | RuntimeException e) {
      closeQuietly(index);
      throw e;
    }
  }

  private void addFromColumns(LuceneIndex index, int from, int end) throws IOException {
    int[] numbers = new int[CATCH_UP_ROWS];
    int count = 0;
    for (int row = from; row < end; row++) {
      if (!rows.isDeleted(row)) {
        numbers[count++] = row;
      }
      if (count == numbers.length || row == end - 1 && count > 0) {
        addFromColumns(index, numbers, count);
        count = 0;
      }
    }
  }

  private void addFromColumns(LuceneIndex index, int[] numbers, int count) throws IOException {
    List<VarCharVector> texts =
        IntStream.of(columns)
            .mapToObj(column -> (VarCharVector) spec.columns().get(column).createVector(allocator))
            .toList();
    try {
      for (int i = 0; i < columns.length; i++) {
        texts.get(i).allocateNew();
        rows.gather(columns[i], numbers, count, texts.get(i), 0);
        texts.get(i).setValueCount(count);
      }
      add(index, numbers, texts, 0, count);
    } finally {
      texts.forEach(VarCharVector::close);
    }
  }

  private static void add(
      LuceneIndex index, int[] numbers, List<VarCharVector> texts, int from, int count)
      throws IOException {
    for (int at = from; at < count; ) {
      int end = TextDocuments.runEnd(texts, at, count, StoreLimits.TEXT_BLOCK_BYTES);
      index.add(new TextDocuments(numbers, texts, at, end));
      at = end;
    }
  }

  /**
   * Adds rows, which {@code rows} has already. A failure is kept, not thrown.
   *
   * @param writeSequence of their write
   * @param firstRow number of the first
   * @param metadata a vector a metadata column of the dataset, with a value a row
   */
  public void add(long writeSequence, int firstRow, List<FieldVector> metadata) {
    change(
        writeSequence,
        index -> {
          List<VarCharVector> texts =
              IntStream.of(columns)
                  .mapToObj(column -> (VarCharVector) metadata.get(column))
                  .toList();
          int count = texts.get(0).getValueCount();
          int[] numbers = IntStream.range(firstRow, firstRow + count).toArray();
          // An index that was opened again in the meantime may have taken them from the columns.
          add(index, numbers, texts, Math.max(0, nextRow - firstRow), count);
          nextRow = firstRow + count;
        });
  }

  /** Deletes rows. A failure is kept, not thrown. */
  public void delete(long writeSequence, IntList gone) {
    if (!gone.isEmpty()) {
      change(writeSequence, index -> index.delete(gone));
    }
  }

  /** A change of the open index. */
  @FunctionalInterface
  private interface Change {
    void apply(LuceneIndex index) throws IOException;
  }

  private void change(long writeSequence, Change change) {
    changing.lock();
    LuceneIndex index = lucene;
    try {
      sequence = writeSequence; // first: a commit must not tell less than it has
      if (index != null) {
        change.apply(index);
      }
    } catch (IOException | RuntimeException e) {
      failed(index, "could not be written", e);
    } finally {
      changing.unlock();
    }
  }

  /**
   * The rows with the best BM25 scores for any of some words.
   *
   * @param matching the rows that may be found; null: all that live
   * @param k how many at most; fewer only if fewer rows have one of the words
   * @param isOver whether to stop and take what is found
   * @throws StoreException UNAVAILABLE if the index has failed
   */
  public TextHits search(TextQuery words, RowFilter matching, int k, BooleanSupplier isOver) {
    LuceneIndex index = lucene;
    if (index == null) {
      index = openedAgain();
    }
    try {
      return index.search(filtered(words.lucene(), matching), k, isOver);
    } catch (IOException | RuntimeException e) {
      failed(index, "could not be searched", e);
      throw unavailable();
    }
  }

  private static Query filtered(Query words, RowFilter matching) {
    if (matching == null) {
      return words;
    }
    Query filter;
    if (matching.cardinality() <= ROWS_LOOKED_UP_MAX) {
      List<BytesRef> numbers = new ArrayList<>(matching.cardinality());
      for (int row = matching.next(0); row >= 0; row = matching.next(row + 1)) {
        numbers.add(TextDocuments.word(row));
      }
      filter = new TermInSetQuery(ROW_FIELD, numbers);
    } else {
      filter = new RowsQuery(matching);
    }
    return new BooleanQuery.Builder().add(words, Occur.MUST).add(filter, Occur.FILTER).build();
  }

  private LuceneIndex openedAgain() {
    changing.lock();
    try {
      if (lucene == null && System.nanoTime() - triedAgain >= RETRY_NANOS) {
        triedAgain = System.nanoTime();
        try {
          openFiles();
        } catch (IOException | RuntimeException e) {
          failed(null, "could not be opened again", e);
        }
      }
      if (lucene == null) {
        throw unavailable();
      }
      return lucene;
    } finally {
      changing.unlock();
    }
  }

  /** Gives an index up; null: there was none. Others that met the same failure change nothing. */
  private void failed(LuceneIndex index, String what, Exception e) {
    synchronized (this) {
      if (lucene != index) {
        return;
      }
      lucene = null;
      failure = what + ": " + e.getMessage();
    }
    LOG.error("dataset '{}': the text index {}", spec.name(), what, e);
    if (index != null) {
      closeQuietly(index);
    }
  }

  private StoreException unavailable() {
    return StoreException.unavailable(
        "text: the text index of dataset '%s' %s; it is opened again by a search with text, %d s"
            + " after the last attempt at the earliest",
        spec.name(), failure, TimeUnit.NANOSECONDS.toSeconds(RETRY_NANOS));
  }

  /**
   * Makes what it has durable, so that the next start need not take it from the columns. A failure
   * is kept, not thrown.
   *
   * @param logSync makes every write durable that was applied before the call
   */
  public void commit(LogSync logSync) {
    LuceneIndex index = lucene;
    if (index != null) {
      try {
        index.commit(logSync::run);
      } catch (IOException | RuntimeException e) {
        failed(index, "could not be committed", e);
      }
    }
  }

  /** Makes the log durable as far as it is applied. */
  @FunctionalInterface
  public interface LogSync {
    void run() throws IOException;
  }

  /** Why searches by text are refused; null while they are not. */
  public String failure() {
    return failure;
  }

  /** Bytes of its files; 0 if it failed. */
  public long diskBytes() {
    LuceneIndex index = lucene;
    try {
      return index == null ? 0 : index.diskBytes();
    } catch (IOException | RuntimeException e) {
      LOG.debug("files came or went while they were counted", e);
      return 0;
    }
  }

  /** Bytes of its memory; 0 if it failed. */
  public long memoryBytes() {
    LuceneIndex index = lucene;
    return index == null ? 0 : index.memoryBytes();
  }

  private static void closeQuietly(LuceneIndex index) {
    try {
      index.close();
    } catch (IOException | RuntimeException e) {
      LOG.debug("closing a text index that failed", e);
    }
  }

  /** Frees everything; what is not committed comes from the columns at the next start. */
  @Override
  public void close() {
    LuceneIndex index = lucene;
    lucene = null;
    if (index != null) {
      closeQuietly(index);
    }
  }
}
