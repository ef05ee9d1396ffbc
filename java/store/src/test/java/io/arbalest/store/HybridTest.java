package io.arbalest.store;

import static io.arbalest.store.DatasetTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.store.Batches.Row;
import io.arbalest.store.StoreException.Category;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Searches by text, alone and fused with vectors. */
@ExtendWith(TestAllocator.class)
class HybridTest {
  private static final int DIMENSION = 2;

  @TempDir Path directory;
  private BufferAllocator allocator;

  @BeforeEach
  void takeAllocator(BufferAllocator given) {
    allocator = given;
  }

  /** A hit as its columns tell it; ranks are 0 where they are null. */
  private record Hit(Object id, Float distance, float score, int denseRank, int textRank) {}

  private Store open() {
    return Store.open(StoreOptions.of(directory).withIndexThreads(1));
  }

  private Dataset create(Store store) {
    return store.create(Batches.textSpec("d", IdType.INT64, DIMENSION));
  }

  private static Row row(long id, float x) {
    return new Row(id, new float[] {x, 0}, 0);
  }

  private void put(Dataset dataset, long firstId, String... words) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      rows.add(row(firstId + i, firstId + i));
    }
    Batches.put(dataset, allocator, rows, Arrays.asList(words));
  }

  private List<Hit> search(Dataset dataset, SearchRequest request) {
    try (SearchAnswer answer = dataset.search(request, allocator)) {
      return hits(answer.root());
    }
  }

  private List<Hit> text(Dataset dataset, String words, int k) {
    return search(dataset, SearchRequest.builder().text(words).k(k).build());
  }

  private List<Hit> hybrid(Dataset dataset, float x, String words, Double alpha, int k) {
    try (FixedSizeListVector queries =
        Batches.vectors(allocator, "q", List.of(new float[] {x, 0}))) {
      return search(
          dataset, SearchRequest.builder().queries(queries).text(words).alpha(alpha).k(k).build());
    }
  }

  private static List<Hit> hits(VectorSchemaRoot root) {
    Float4Vector distances = (Float4Vector) root.getVector("distance");
    Float4Vector scores = (Float4Vector) root.getVector("score");
    UInt4Vector dense = (UInt4Vector) root.getVector("dense_rank");
    UInt4Vector texts = (UInt4Vector) root.getVector("text_rank");
    List<Hit> hits = new ArrayList<>();
    for (int i = 0; i < root.getRowCount(); i++) {
      hits.add(
          new Hit(
              Batches.id(root, i),
              distances.isNull(i) ? null : distances.get(i),
              scores.get(i),
              dense.isNull(i) ? 0 : dense.get(i),
              texts.isNull(i) ? 0 : texts.get(i)));
    }
    return hits;
  }

  private static List<Object> ids(List<Hit> hits) {
    return hits.stream().map(Hit::id).toList();
  }

  /** BM25 as the textbook has it, without Lucene's constant factor: k1 = 1.2, b = 0.75. */
  private static double bm25(
      int documents, int having, double frequency, double length, double mean) {
    double idf = Math.log(1 + (documents - having + 0.5) / (having + 0.5));
    return idf * frequency / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / mean));
  }

  @Test
  void theOrderIsThatOfBm25ComputedByHand() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      put(dataset, 1, "red fox", "red red wine and bread", "white wine", "a fox", null, "");
      // Of 4 documents with words: red in 2, wine in 2; lengths 2, 5, 2, 2, mean 11 / 4.
      double mean = 11 / 4.0;
      List<Hit> hits = text(dataset, "red wine", 10);
      assertThat(ids(hits)).containsExactly(2L, 1L, 3L);
      assertThat(hits.get(0).score())
          .isCloseTo((float) (bm25(4, 2, 2, 5, mean) + bm25(4, 2, 1, 5, mean)), within(1e-5f));
      assertThat(hits.get(1).score()).isCloseTo((float) bm25(4, 2, 1, 2, mean), within(1e-5f));
      assertThat(hits.get(2).score()).isCloseTo((float) bm25(4, 2, 1, 2, mean), within(1e-5f));
      assertThat(hits).extracting(Hit::distance).containsOnlyNulls();
      assertThat(hits).extracting(Hit::denseRank).containsOnly(0);
      assertThat(hits).extracting(Hit::textRank).containsExactly(1, 2, 3);
      assertThat(ids(text(dataset, "red wine", 1))).containsExactly(2L);
      // A word that the text has twice counts twice.
      assertThat(text(dataset, "fox Fox", 10).get(0).score())
          .isCloseTo((float) (2 * bm25(4, 2, 1, 2, mean)), within(1e-5f));
    }
  }

  @Test
  void theAnswerTellsHowItWasFound() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      put(dataset, 1, "red fox", "white wine");
      SearchRequest words = SearchRequest.builder().text("wine").k(2).build();
      assertThat(dataset.searchSchema(words).getFields())
          .extracting(Field::getName)
          .containsExactly("query", "id", "distance", "score", "dense_rank", "text_rank");
      try (SearchAnswer answer = dataset.search(words, allocator)) {
        assertThat(answer.root().getSchema()).isEqualTo(dataset.searchSchema(words));
        assertThat(answer.strategy()).isEqualTo("text");
        assertThat(answer.visited()).isZero();
        assertThat(answer.exhausted()).isTrue(); // one row of two has the word
      }
      SearchRequest like = SearchRequest.like(1L, 2).with().text("wine").build();
      try (SearchAnswer answer = dataset.search(like, allocator)) {
        assertThat(answer.strategy()).isEqualTo("hybrid");
        assertThat(answer.visited()).isPositive();
        assertThat(answer.exhausted()).isFalse();
        assertThat(hits(answer.root()))
            .extracting(Hit::id, Hit::denseRank, Hit::textRank)
            .containsExactly(tuple(2L, 2, 1), tuple(1L, 1, 0));
      }
    }
  }

  @Test
  void rowsThatComeByTextAloneHaveTheirTrueDistance() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      String[] words = new String[400];
      Arrays.fill(words, "sand");
      words[390] = "needle";
      put(dataset, 0, words);
      List<Hit> hits = hybrid(dataset, 0, "needle", null, 3);
      // 1/61 each: the vector's best row and the text's; the nearer one first.
      assertThat(ids(hits)).containsExactly(0L, 390L, 1L);
      Hit needle = hits.get(1);
      assertThat(needle.denseRank()).isZero(); // far from the hundred candidates
      assertThat(needle.textRank()).isEqualTo(1);
      assertThat(needle.distance()).isEqualTo(390f * 390f);
      assertThat(needle.score()).isCloseTo(1 / 61f, within(1e-6f));
      assertThat(hits.get(0).score()).isCloseTo(1 / 61f, within(1e-6f));
      assertThat(hits.get(0).distance()).isZero();
    }
  }

  @Test
  void alphaWeighsTheSides() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      put(dataset, 0, "stone", "stone", "wine", "old wine in a jar", "stone");
      assertThat(ids(hybrid(dataset, 4, "wine", 0.0, 5))).containsExactly(2L, 3L);
      assertThat(hybrid(dataset, 4, "wine", 0.0, 5))
          .extracting(Hit::distance)
          .containsExactly(4f, 1f);
      assertThat(ids(hybrid(dataset, 4, "wine", 1.0, 3))).containsExactly(4L, 3L, 2L);
      assertThat(hybrid(dataset, 4, "wine", 1.0, 3).get(2).textRank()).isEqualTo(1);
      // Distances 0, 1, 4, 9, 16 stretch to 1, 15/16, 12/16, 7/16, 0; the words to 1 and 0.
      List<Hit> half = hybrid(dataset, 4, "wine", 0.5, 5);
      assertThat(ids(half)).containsExactly(2L, 4L, 3L, 1L, 0L);
      assertThat(half.get(0).score()).isCloseTo(0.5f * 12 / 16 + 0.5f, within(1e-5f));
      assertThat(half.get(2).score()).isCloseTo(0.5f * 15 / 16, within(1e-5f));
    }
  }

  @Test
  void manyQueriesShareTheText() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      String[] words = new String[300];
      Arrays.fill(words, "sand");
      words[150] = "needle";
      put(dataset, 0, words);
      List<float[]> vectors = new ArrayList<>();
      for (int i = 0; i < 70; i++) {
        vectors.add(new float[] {i, 0});
      }
      try (FixedSizeListVector queries = Batches.vectors(allocator, "q", vectors);
          SearchAnswer answer =
              dataset.search(
                  SearchRequest.of(queries, 2).with().text("needle").build(), allocator)) {
        VectorSchemaRoot root = answer.root();
        List<Hit> hits = hits(root);
        assertThat(hits).hasSize(140);
        UInt4Vector numbers = (UInt4Vector) root.getVector("query");
        for (int i = 0; i < 70; i++) {
          assertThat(numbers.get(2 * i)).isEqualTo(i);
          List<Object> found = ids(hits.subList(2 * i, 2 * i + 2));
          assertThat(found).containsExactlyInAnyOrder((long) i, 150L);
        }
      }
    }
  }

  @Test
  void writesAreFoundByTheNextSearch() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      for (int round = 0; round < 50; round++) {
        put(dataset, 7, "round" + round);
        assertThat(ids(text(dataset, "round" + round, 5))).containsExactly(7L);
        if (round > 0) {
          assertThat(text(dataset, "round" + (round - 1), 5)).isEmpty();
        }
      }
      Batches.delete(dataset, allocator, List.of(7L));
      assertThat(text(dataset, "round49", 5)).isEmpty();
      assertThat(hybrid(dataset, 7, "round49", null, 5)).isEmpty();
    }
  }

  @Test
  void ofOneIdInABatchTheLaterTextIsFound() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      Batches.put(
          dataset,
          allocator,
          List.of(row(1, 0), row(1, 5)),
          List.of("first words", "second words"));
      assertThat(text(dataset, "first", 5)).isEmpty();
      assertThat(ids(text(dataset, "words", 5))).containsExactly(1L);
      assertThat(hybrid(dataset, 5, "words", null, 5).get(0).distance()).isZero();
    }
  }

  @Test
  void oddTextsAreTextsAndNothingIsSyntax() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      String large = "word ".repeat((1 << 20) / 5 - 10) + " rarest";
      put(
          dataset,
          1,
          "title:(fox OR \"wine\") AND -x*~[a TO b]",
          "caffè 😀 smile",
          large,
          "x".repeat(100_000),
          "\"\"\" ::: ---",
          "日本語 テキスト");
      assertThat(ids(text(dataset, "\"fox: AND (", 5))).contains(1L);
      assertThat(ids(text(dataset, "TITLE:fox", 5))).containsExactly(1L);
      assertThat(ids(text(dataset, "CAFFE", 5))).containsExactly(2L);
      assertThat(ids(text(dataset, "😀", 5))).containsExactly(2L);
      assertThat(ids(text(dataset, "rarest", 5))).containsExactly(3L);
      assertThat(ids(text(dataset, "x".repeat(255), 5))).containsExactly(4L);
      assertThat(ids(text(dataset, "日本", 5))).containsExactly(6L);
    }
  }

  @Test
  void whatCannotBeSearchedForIsRefusedByName() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      put(dataset, 1, "red fox");
      for (String wordless : List.of("", "   ", "\"::\" - !?")) {
        assertRefused("text: found no word in '" + wordless + "'", dataset, wordless);
      }
      assertRefused("text: found 1048576 bytes, allowed 65536", dataset, "w".repeat(1 << 20));
      StringBuilder many = new StringBuilder();
      for (int i = 0; i < 1025; i++) {
        many.append('w').append(i).append(' ');
      }
      assertRefused("text: found 1025 different words, allowed 1..1024", dataset, many.toString());
      assertThat(text(dataset, "fox ".repeat(5000), 5)).hasSize(1); // one word, many times
      assertFails(
          Category.INVALID_ARGUMENT,
          "alpha: found 1.5, allowed 0..1",
          () -> hybrid(dataset, 0, "fox", 1.5, 5));
      assertFails(
          Category.INVALID_ARGUMENT,
          "alpha: found without a text",
          () -> search(dataset, SearchRequest.like(1L, 5).with().alpha(0.5).build()));
      assertFails(
          Category.INVALID_ARGUMENT,
          "alpha: found without a vector",
          () -> search(dataset, SearchRequest.builder().text("fox").alpha(0.5).build()));
      Dataset without = store.create(Batches.spec("plain", IdType.INT64, DIMENSION));
      assertRefused("text: dataset 'plain' has no text columns; name utf8 columns", without, "fox");
    }
  }

  private void assertRefused(String part, Dataset dataset, String words) {
    assertFails(Category.INVALID_ARGUMENT, part, () -> text(dataset, words, 5));
  }

  @Test
  void anEmptyDatasetHasNoHits() {
    try (Store store = open()) {
      Dataset dataset = create(store);
      assertThat(text(dataset, "fox", 5)).isEmpty();
      assertThat(hybrid(dataset, 0, "fox", null, 5)).isEmpty();
    }
  }
}
