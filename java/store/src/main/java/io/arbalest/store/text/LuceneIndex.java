package io.arbalest.store.text;

import io.arbalest.store.StoreLimits;
import io.arbalest.store.disk.Disk;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.ints.IntList;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.LogByteSizeMergePolicy;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderManager;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.NRTCachingDirectory;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open Lucene index of rows. One thread adds and deletes, any thread searches, one at a time
 * commits. Segments are merged with their neighbours alone, so that documents stay in the order of
 * their rows.
 *
 * <p>A search sees what was added and deleted before it began: it opens a new reader if anything
 * was, and that costs the search, not the write. Segments smaller than {@value #CACHED_SEGMENT_MB}
 * MB stay in memory until the next commit, so opening a reader writes no file for them.
 */
final class LuceneIndex implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(LuceneIndex.class);
  private static final int CACHED_SEGMENT_MB = 4;
  private static final int CACHED_MB = 16;

  private final NRTCachingDirectory directory;
  private final DiskDirectory files;
  private final IndexWriter writer;
  private final ReaderManager readers;
  private final Map<String, String> committed;
  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong seen = new AtomicLong(); // changes that the newest reader has

  /**
   * Opens an index, or makes one where there is none.
   *
   * @param path exists
   */
  LuceneIndex(Disk disk, Path path, Iterable<Map.Entry<String, String>> commitData)
      throws IOException {
    files = new DiskDirectory(disk, path);
    directory = new NRTCachingDirectory(files, CACHED_SEGMENT_MB, CACHED_MB);
    IndexWriter opened = null;
    try {
      opened = new IndexWriter(directory, config());
      committed = committedData(opened);
      opened.setLiveCommitData(commitData);
      readers = new ReaderManager(opened);
      writer = opened;
    } catch (IOException | RuntimeException e) {
      IOUtils.closeWhileHandlingException(opened, directory);
      throw e;
    }
  }

  private static Map<String, String> committedData(IndexWriter writer) {
    Map<String, String> data = new HashMap<>();
    Iterable<Map.Entry<String, String>> entries = writer.getLiveCommitData();
    if (entries != null) {
      entries.forEach(entry -> data.put(entry.getKey(), entry.getValue()));
    }
    return data;
  }

  private static IndexWriterConfig config() {
    IndexWriterConfig config = new IndexWriterConfig(new TextAnalyzer());
    config.setRAMBufferSizeMB(StoreLimits.TEXT_BUFFER_BYTES / (double) (1 << 20));
    config.setMergePolicy(new LogByteSizeMergePolicy());
    config.setMergeScheduler(new Merges());
    config.setMaxFullFlushMergeWaitMillis(0); // a search waits for no merge
    config.setCommitOnClose(false);
    return config;
  }

  /** Merges in threads of its own. What cannot be merged stays as it is, and is tried again. */
  private static final class Merges extends ConcurrentMergeScheduler {
    @Override
    protected void handleMergeException(Throwable failure) {
      LOG.warn("segments of a text index could not be merged", failure);
    }
  }

  /** What the last commit said, when this was opened; empty: there was none. */
  Map<String, String> committed() {
    return committed;
  }

  /** Adds documents, all of which become visible at once. */
  void add(TextDocuments documents) throws IOException {
    writer.addDocuments(documents);
    changes.incrementAndGet();
  }

  /** Deletes the documents of rows; a row without one is passed over. */
  void delete(IntList rows) throws IOException {
    Term[] terms = new Term[rows.size()];
    for (int i = 0; i < terms.length; i++) {
      terms[i] = new Term(TextIndex.ROW_FIELD, TextDocuments.word(rows.getInt(i)));
    }
    writer.deleteDocuments(terms);
    changes.incrementAndGet();
  }

  /** Brings the readers up to every change that was made before the call. */
  private void refresh() throws IOException {
    long made = changes.get();
    if (seen.get() < made) {
      readers.maybeRefreshBlocking();
      seen.accumulateAndGet(made, Math::max);
    }
  }

  /**
   * The best documents of a query, of equal ones those of the earlier rows.
   *
   * @param isOver whether to stop and take what is found
   */
  TextHits search(Query query, int k, BooleanSupplier isOver) throws IOException {
    refresh();
    DirectoryReader reader = readers.acquire();
    try {
      int count = Math.min(k, reader.maxDoc());
      if (count == 0) {
        return new TextHits(new int[0], new float[0]);
      }
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setQueryCache(null); // its filters are never asked twice
      searcher.setTimeout(isOver::getAsBoolean);
      ScoreDoc[] found =
          searcher.search(query, new TopScoreDocCollectorManager(count, count)).scoreDocs;
      float[] scores = new float[found.length];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = found[i].score;
      }
      return new TextHits(rows(reader, found), scores);
    } finally {
      readers.release(reader);
    }
  }

  private static int[] rows(DirectoryReader reader, ScoreDoc[] found) throws IOException {
    long[] byDocument = new long[found.length]; // values are read in the order of documents
    for (int i = 0; i < found.length; i++) {
      byDocument[i] = (long) found[i].doc << Integer.SIZE | i;
    }
    Arrays.sort(byDocument);
    int[] rows = new int[found.length];
    int leaf = -1;
    LeafReaderContext context = null;
    NumericDocValues numbers = null;
    for (long entry : byDocument) {
      int document = (int) (entry >>> Integer.SIZE);
      int of = ReaderUtil.subIndex(document, reader.leaves());
      if (of != leaf) {
        leaf = of;
        context = reader.leaves().get(of);
        numbers = context.reader().getNumericDocValues(TextIndex.ROW_FIELD);
      }
      numbers.advanceExact(document - context.docBase);
      rows[(int) entry] = (int) numbers.longValue();
    }
    return rows;
  }

  /** Reads every file and compares it with its checksum. */
  void checkIntegrity() throws IOException {
    DirectoryReader reader = readers.acquire();
    try {
      for (LeafReaderContext leaf : reader.leaves()) {
        leaf.reader().checkIntegrity();
      }
    } finally {
      readers.release(reader);
    }
  }

  /**
   * What an index has of a dataset's rows.
   *
   * @param end behind the last row that has a document, deleted ones not yet merged away included
   * @param matching the rows asked for
   */
  record Contents(int end, IntList matching) {}

  /** Goes over all documents; {@code Contents.matching} are the rows that match. */
  Contents contents(IntPredicate matches) throws IOException {
    refresh();
    DirectoryReader reader = readers.acquire();
    try {
      int end = 0;
      IntList matching = new IntArrayList();
      for (LeafReaderContext leaf : reader.leaves()) {
        NumericDocValues numbers = leaf.reader().getNumericDocValues(TextIndex.ROW_FIELD);
        Bits live = leaf.reader().getLiveDocs();
        for (int document = numbers.nextDoc();
            document != NumericDocValues.NO_MORE_DOCS;
            document = numbers.nextDoc()) {
          int row = (int) numbers.longValue();
          end = Math.max(end, row + 1);
          if ((live == null || live.get(document)) && matches.test(row)) {
            matching.add(row);
          }
        }
      }
      return new Contents(end, matching);
    } finally {
      readers.release(reader);
    }
  }

  /**
   * Makes everything added and deleted so far durable.
   *
   * @param beforeItCounts runs when the files are durable and nothing names them yet
   */
  void commit(Step beforeItCounts) throws IOException {
    writer.prepareCommit();
    beforeItCounts.run();
    writer.commit();
  }

  /** Something that may fail by input or output. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  /** Documents that live. */
  int documents() throws IOException {
    DirectoryReader reader = readers.acquire();
    try {
      return reader.numDocs();
    } finally {
      readers.release(reader);
    }
  }

  /** Bytes of the files, those of merges under way included. */
  long diskBytes() throws IOException {
    long sum = 0;
    for (String name : files.listAll()) {
      try {
        sum += files.fileLength(name);
      } catch (NoSuchFileException e) {
        LOG.trace("a merge has removed it meanwhile", e);
      }
    }
    return sum;
  }

  /** Bytes of memory for words not written yet and for small segments. */
  long memoryBytes() {
    return writer.ramBytesUsed() + directory.ramBytesUsed();
  }

  /** Frees everything; what is not committed is gone. */
  @Override
  public void close() throws IOException {
    IOUtils.close(readers, writer::rollback, directory);
  }
}
