package io.arbalest.bench.quickstart;

import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * WordNet 3.1 as its jar brings it: the dict files, read from the class path line by line. (C)
 * Princeton University; its licence allows any use with its notice, which heads each data file.
 */
public final class WordNet {

  private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/";
  private static final List<String> DATA_FILES =
      List.of("data.noun", "data.verb", "data.adj", "data.adv");

  /** Part of speech by the digit after the percent sign of a sense key. */
  private static final String SENSE_TYPES = "?nvars";

  private WordNet() {}

  /**
   * Every synset, the most used first: by how often WordNet's tagged texts use it in that sense,
   * and by id among the equals, so that the order is the same everywhere.
   */
  static List<Synset> byUse() throws IOException {
    Map<String, Integer> uses = uses();
    List<Synset> synsets = new ArrayList<>();
    forEachLine(
        line -> {
          String key = Synset.letter(line.charAt(12)) + line.substring(0, 8);
          synsets.add(Synset.parse(line, uses.getOrDefault(key, 0)));
        });
    synsets.sort(Comparator.comparingInt(Synset::uses).reversed().thenComparing(Synset::id));
    return synsets;
  }

  /** Gives every line that is a synset, file by file; for their form see wndb(5WN). */
  public static void forEachLine(Consumer<String> consumer) throws IOException {
    for (String name : DATA_FILES) {
      try (BufferedReader lines = open(name)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          // The licence heads each file, indented by two blanks.
          if (!line.startsWith("  ")) {
            consumer.accept(line);
          }
        }
      }
    }
  }

  /** Uses by synset id, summed over its words: lines are {@code sense_key offset number uses}. */
  private static Map<String, Integer> uses() throws IOException {
    Map<String, Integer> uses = new HashMap<>();
    try (BufferedReader lines = open("index.sense")) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(" ");
        int count = Integer.parseInt(fields[3]);
        if (count > 0) {
          char type = SENSE_TYPES.charAt(fields[0].charAt(fields[0].indexOf('%') + 1) - '0');
          uses.merge(Synset.letter(type) + fields[1], count, Integer::sum);
        }
      }
    }
    return uses;
  }

  private static BufferedReader open(String name) throws IOException {
    InputStream stream = WordNet.class.getResourceAsStream(FOLDER + name);
    if (stream == null) {
      throw new FileNotFoundException("the class path has no " + FOLDER + name);
    }
    return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
  }
}
