package io.arbalest.store.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.arrow.vector.VarCharVector;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.util.BytesRef;

/**
 * Rows as Lucene documents: the row's number as a word to delete it by and as a value to read, and
 * its texts, all in one field. So a word counts the same in whichever column it stands, and the
 * length that BM25 weighs is that of all the texts together. Nothing is stored.
 *
 * <p>Documents are made one after the other in the same object, as a writer takes them.
 */
final class TextDocuments implements Iterable<List<IndexableField>> {
  private static final FieldType WORDS = new FieldType();

  static {
    WORDS.setTokenized(true);
    WORDS.setIndexOptions(IndexOptions.DOCS_AND_FREQS); // no phrases: no positions
    WORDS.freeze();
  }

  private final int[] rows;
  private final List<VarCharVector> texts;
  private final int from;
  private final int to;

  /**
   * @param rows row numbers
   * @param texts a vector a text column, as long as {@code rows}
   * @param from first of the rows to make a document of
   * @param to behind the last
   */
  TextDocuments(int[] rows, List<VarCharVector> texts, int from, int to) {
    this.rows = rows;
    this.texts = texts;
    this.from = from;
    this.to = to;
  }

  /** The number of a row as a word. */
  static BytesRef word(int row) {
    return new BytesRef(
        new byte[] {(byte) (row >>> 24), (byte) (row >>> 16), (byte) (row >>> 8), (byte) row});
  }

  /**
   * Where a run of documents ends that begins at {@code from}: before it has more than {@code
   * bytesMax} of text, and after one document at least.
   */
  static int runEnd(List<VarCharVector> texts, int from, int count, int bytesMax) {
    long bytes = 0;
    int at = from;
    while (at < count) {
      for (VarCharVector text : texts) {
        bytes += text.isNull(at) ? 0 : text.getValueLength(at);
      }
      if (bytes > bytesMax && at > from) {
        return at;
      }
      at++;
    }
    return at;
  }

  @Override
  public Iterator<List<IndexableField>> iterator() {
    return new Iterator<>() {
      private final NumericDocValuesField number =
          new NumericDocValuesField(TextIndex.ROW_FIELD, 0);
      private final List<IndexableField> document = new ArrayList<>();
      private int at = from;

      @Override
      public boolean hasNext() {
        return at < to;
      }

      @Override
      public List<IndexableField> next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        number.setLongValue(rows[at]);
        document.clear();
        document.add(new StringField(TextIndex.ROW_FIELD, word(rows[at]), Field.Store.NO));
        document.add(number);
        for (VarCharVector text : texts) {
          if (!text.isNull(at)) {
            String value = new String(text.get(at), StandardCharsets.UTF_8);
            document.add(new Field(TextIndex.TEXT_FIELD, value, WORDS));
          }
        }
        at++;
        return document;
      }
    };
  }
}
