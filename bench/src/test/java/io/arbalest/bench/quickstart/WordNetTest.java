package io.arbalest.bench.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WordNetTest {

  @Test
  void readsEverySynsetMostUsedFirst() throws IOException {
    List<Synset> synsets = WordNet.byUse();
    // As many as the four data files have lines below their licence.
    assertThat(synsets).hasSize(117_791);
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < synsets.size(); i++) {
      Synset synset = synsets.get(i);
      assertThat(ids.add(synset.id())).as(synset.id()).isTrue();
      assertThat(synset.words()).isNotEmpty().doesNotContain("");
      assertThat(synset.definition()).isNotBlank();
      if (i > 0) {
        assertThat(synset.uses()).isLessThanOrEqualTo(synsets.get(i - 1).uses());
      }
    }
    assertThat(synsets.get(0).words()).contains("be");
    assertThat(synsets.get(0).uses()).isGreaterThan(10_000);
  }
}
