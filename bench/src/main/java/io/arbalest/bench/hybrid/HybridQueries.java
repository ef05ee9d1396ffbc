package io.arbalest.bench.hybrid;

import io.arbalest.bench.quickstart.WordNet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Questions for synsets: one of a synset's words, chosen at random, then the definition of its
 * hypernym, without usage examples: {@code plover: any of numerous wading birds …} asks for the
 * plover's own gloss. So the words after the colon say roughly what is meant, and are not those of
 * the stored text.
 *
 * <p>Synsets and hypernyms are WordNet 3.1's; a row is taken where its text is, but for case, the
 * words and the gloss of a synset that has a hypernym. The set's own identifiers are WordNet 3.0's.
 */
final class HybridQueries {
  /** A synset as far as questions need it. */
  private record Entry(List<String> words, String gloss, String hypernym) {
    String text() {
      return (String.join(", ", words) + ": " + gloss).toLowerCase(Locale.ROOT);
    }

    String definition() {
      int example = gloss.indexOf("; \"");
      return example > 0 ? gloss.substring(0, example) : gloss;
    }
  }

  private HybridQueries() {}

  /**
   * Makes questions.
   *
   * @param texts of the rows
   * @param count how many at most
   * @param seed of the choice of rows and words
   */
  static List<HybridQuery> make(List<String> texts, int count, long seed) throws IOException {
    Map<String, Entry> byId = new HashMap<>();
    Map<String, Entry> byText = new HashMap<>();
    Set<String> ambiguous = new HashSet<>();
    WordNet.forEachLine(
        line -> {
          Entry entry = parse(line);
          byId.put(line.charAt(12) + line.substring(0, 8), entry);
          if (byText.put(entry.text(), entry) != null) {
            ambiguous.add(entry.text());
          }
        });
    Random random = new Random(seed);
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < texts.size(); row++) {
      rows.add(row);
    }
    Collections.shuffle(rows, random);
    List<HybridQuery> queries = new ArrayList<>();
    for (int row : rows) {
      String text = texts.get(row).toLowerCase(Locale.ROOT);
      Entry entry = ambiguous.contains(text) ? null : byText.get(text);
      Entry hypernym = entry == null ? null : byId.get(entry.hypernym());
      if (hypernym != null) {
        String word = entry.words().get(random.nextInt(entry.words().size()));
        queries.add(new HybridQuery(word + ": " + hypernym.definition(), row, texts.get(row)));
      }
      if (queries.size() == count) {
        break;
      }
    }
    return queries;
  }

  /** {@code offset lex_filenum ss_type w_cnt word lex_id … p_cnt symbol offset pos … | gloss}. */
  private static Entry parse(String line) {
    int bar = line.indexOf(" | ");
    String[] fields = line.substring(0, bar).split(" ");
    int wordCount = Integer.parseInt(fields[3], 16);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < wordCount; i++) {
      words.add(fields[4 + 2 * i].replaceFirst("\\((a|p|ip)\\)$", "").replace('_', ' '));
    }
    int at = 4 + 2 * wordCount;
    int pointers = Integer.parseInt(fields[at]);
    String hypernym = "";
    for (int i = 0; i < pointers && hypernym.isEmpty(); i++) {
      String symbol = fields[at + 1 + 4 * i];
      if (symbol.equals("@") || symbol.equals("@i")) {
        hypernym = fields[at + 3 + 4 * i] + fields[at + 2 + 4 * i];
      }
    }
    return new Entry(words, line.substring(bar + 3).strip(), hypernym);
  }
}
