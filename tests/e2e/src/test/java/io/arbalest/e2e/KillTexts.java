package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.arrow.vector.BigIntVector;

/**
 * The texts of {@link KillTest}'s rows, and searches that tell whether the server finds each row by
 * its own text and no other: a text has a word for each bit that is set of the row's id and
 * version, and a word that all have. So a search a word, some dozens, sees every row that is
 * missing, deleted, or found by what it said before, however many rows there are.
 */
final class KillTexts {
  /** The text column. */
  static final String COLUMN = "words";

  private static final String EVERYWHERE = "row";
  private static final int K_MAX = 10_000;

  private final Set<String> words = new TreeSet<>(); // that rows have or had

  /** What a row says. */
  static String text(long id, long version) {
    return String.join(" ", words(id, version));
  }

  private static List<String> words(long id, long version) {
    List<String> words = new ArrayList<>(List.of(EVERYWHERE));
    for (int bit = 0; bit < Long.SIZE; bit++) {
      if ((id >>> bit & 1) != 0) {
        words.add("id" + bit);
      }
      if ((version >>> bit & 1) != 0) {
        words.add("version" + bit);
      }
    }
    return words;
  }

  /**
   * Searches for every word that a row has, or had at an earlier check.
   *
   * @param live version by id of the rows that there are, at most {@value #K_MAX}
   */
  void check(ArbalestClient client, String dataset, Map<Long, Long> live) {
    Map<String, List<Long>> wanted = new TreeMap<>();
    new TreeMap<>(live)
        .forEach(
            (id, version) -> {
              for (String word : words(id, version)) {
                wanted.computeIfAbsent(word, none -> new ArrayList<>()).add(id);
              }
            });
    words.addAll(wanted.keySet());
    for (String word : words) {
      assertThat(find(client, dataset, word))
          .as("ids of the rows with the word '%s'", word)
          .isEqualTo(wanted.getOrDefault(word, List.of()));
    }
  }

  /** The ids in order, as often as they are found. */
  private static List<Long> find(ArbalestClient client, String dataset, String word) {
    List<Long> ids = new ArrayList<>();
    SearchQuery query = SearchQuery.of(dataset).text(word).k(K_MAX).vectorsAs("none");
    try (ResultStream hits = client.search(query)) {
      while (hits.next()) {
        BigIntVector column = (BigIntVector) hits.root().getVector("id");
        for (int row = 0; row < column.getValueCount(); row++) {
          ids.add(column.get(row));
        }
      }
    }
    return ids.stream().sorted().toList();
  }
}
