package io.arbalest.store.text;

import java.io.Reader;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;

/**
 * Words as Unicode's word boundaries (UAX #29) have them, emoji among them, in lower case and
 * without accents: {@code Café} and {@code cafe} are one word. A colon ends a word, which it would
 * not between letters. No word is left out as too common, none is cut to a stem. A word of more
 * than {@value #WORD_CHARS_MAX} characters counts as several.
 */
final class TextAnalyzer extends Analyzer {
  static final int WORD_CHARS_MAX = 255;
  private static final NormalizeCharMap COLON_AS_BLANK = colonAsBlank();

  private static NormalizeCharMap colonAsBlank() {
    NormalizeCharMap.Builder map = new NormalizeCharMap.Builder();
    map.add(":", " ");
    return map.build();
  }

  @Override
  protected Reader initReader(String field, Reader reader) {
    return new MappingCharFilter(COLON_AS_BLANK, reader);
  }

  @Override
  protected TokenStreamComponents createComponents(String field) {
    StandardTokenizer tokenizer = new StandardTokenizer();
    tokenizer.setMaxTokenLength(WORD_CHARS_MAX);
    return new TokenStreamComponents((Tokenizer) tokenizer, folded(tokenizer));
  }

  private static TokenStream folded(TokenStream words) {
    return new ASCIIFoldingFilter(new LowerCaseFilter(words));
  }
}
