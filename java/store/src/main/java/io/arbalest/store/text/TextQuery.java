package io.arbalest.store.text;

import io.arbalest.store.StoreException;
import io.arbalest.store.StoreLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/**
 * A search's text as words. There is no syntax: quotes, colons and brackets stand between words and
 * mean nothing. Immutable.
 */
public final class TextQuery {
  private static final Analyzer ANALYZER = new TextAnalyzer();

  private final Map<String, Integer> words;

  private TextQuery(Map<String, Integer> words) {
    this.words = words;
  }

  /**
   * Takes a text apart.
   *
   * @throws StoreException INVALID_ARGUMENT if it has no word, or too many of them
   */
  public static TextQuery of(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > StoreLimits.TEXT_BYTES_MAX) {
      throw StoreException.invalid(
          "text: found %d bytes, allowed %d", bytes, StoreLimits.TEXT_BYTES_MAX);
    }
    Map<String, Integer> words = new LinkedHashMap<>();
    try (TokenStream tokens = ANALYZER.tokenStream(TextIndex.TEXT_FIELD, text)) {
      CharTermAttribute word = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.merge(word.toString(), 1, Integer::sum);
      }
      tokens.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string is read without input or output
    }
    if (words.isEmpty()) {
      throw StoreException.invalid(
          "text: found no word in '%s', allowed 1..%d different words",
          text, StoreLimits.TEXT_WORDS_MAX);
    }
    if (words.size() > StoreLimits.TEXT_WORDS_MAX) {
      throw StoreException.invalid(
          "text: found %d different words, allowed 1..%d",
          words.size(), StoreLimits.TEXT_WORDS_MAX);
    }
    return new TextQuery(words);
  }

  /** The words and how often each occurs. */
  Map<String, Integer> words() {
    return words;
  }

  /** Any of the words; one that occurs n times in the text counts n times. */
  Query lucene() {
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    words.forEach(
        (word, count) -> {
          Query term = new TermQuery(new Term(TextIndex.TEXT_FIELD, word));
          any.add(count == 1 ? term : new BoostQuery(term, count), Occur.SHOULD);
        });
    return any.build();
  }
}
