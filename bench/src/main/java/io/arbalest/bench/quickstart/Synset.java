package io.arbalest.bench.quickstart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A set of synonyms with the definition they share.
 *
 * @param id part of speech and place in its file, such as {@code n02084442}: unique
 * @param pos noun, verb, adjective or adverb
 * @param words the synonyms, the most common first
 * @param definition what they mean, without the usage examples
 * @param uses how often WordNet's tagged texts use it in this sense
 */
record Synset(String id, String pos, List<String> words, String definition, int uses) {

  /**
   * Parses a line of a {@code data.*} file (format: wndb(5WN)): {@code offset lex_filenum ss_type
   * w_cnt word lex_id … p_cnt pointers… | gloss}, w_cnt in hexadecimal.
   *
   * @throws IllegalArgumentException if the line is no synset
   */
  static Synset parse(String line, int uses) {
    int bar = line.indexOf(" | ");
    String[] fields = line.substring(0, Math.max(bar, 0)).split(" ");
    if (bar < 0 || fields.length < 6) {
      throw new IllegalArgumentException("not a line of a WordNet data file: " + line);
    }
    int count = Integer.parseInt(fields[3], 16);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(word(fields[4 + 2 * i]));
    }
    char type = fields[2].charAt(0);
    return new Synset(
        letter(type) + fields[0], pos(type), words, definition(line.substring(bar + 3)), uses);
  }

  /** What is embedded: the words, then what they mean. */
  String text() {
    return String.join(", ", words) + ": " + definition;
  }

  /** Satellite adjectives lie in the file of adjectives and are numbered with them. */
  static char letter(char type) {
    return type == 's' ? 'a' : type;
  }

  private static String pos(char type) {
    return switch (type) {
      case 'n' -> "noun";
      case 'v' -> "verb";
      case 'a', 's' -> "adjective";
      case 'r' -> "adverb";
      default -> throw new IllegalArgumentException("ss_type: '" + type + "'; allowed: n v a s r");
    };
  }

  /** Underscores stand for blanks; adjectives may end in a marker of place such as {@code (p)}. */
  private static String word(String field) {
    return field.replaceFirst("\\((a|p|ip)\\)$", "").replace('_', ' ').toLowerCase(Locale.ROOT);
  }

  /** Examples are in double quotes and follow the definition. */
  private static String definition(String gloss) {
    int example = gloss.indexOf("; \"");
    String text = example > 0 ? gloss.substring(0, example) : gloss;
    return text.strip().replaceFirst(";$", "");
  }
}
