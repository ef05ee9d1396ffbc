package io.arbalest.bench.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SynsetTest {

  @Test
  void parsesWordsAndDefinition() {
    Synset synset =
        Synset.parse(
            "02355227 05 n 02 Guinea_pig 0 cavy 1 001 @ 02329401 n 0000 | a tailless rodent;"
                + " kept as a pet; \"my guinea pig squeaks\"  ",
            7);
    assertThat(synset)
        .isEqualTo(
            new Synset(
                "n02355227",
                "noun",
                List.of("guinea pig", "cavy"),
                "a tailless rodent; kept as a pet",
                7));
    assertThat(synset.text()).isEqualTo("guinea pig, cavy: a tailless rodent; kept as a pet");
  }

  @Test
  void readsTheWordCountAsHexadecimal() {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < 0x10; i++) {
      words.append("w").append(i).append(" 0 ");
    }
    Synset synset = Synset.parse("00000001 00 v 10 " + words + "000 | to do  ", 0);
    assertThat(synset.words()).hasSize(16).endsWith("w15");
    assertThat(synset.pos()).isEqualTo("verb");
  }

  @Test
  void dropsTheMarkersOfAdjectives() {
    Synset synset = Synset.parse("00000002 00 s 01 afloat(p) 0 000 | borne on water  ", 0);
    assertThat(synset.id()).isEqualTo("a00000002");
    assertThat(synset.words()).containsExactly("afloat");
    assertThat(synset.pos()).isEqualTo("adjective");
  }

  @Test
  void refusesOtherLines() {
    assertThatThrownBy(() -> Synset.parse("1 2 3", 0)).hasMessageContaining("1 2 3");
    assertThatThrownBy(() -> Synset.parse("00000003 00 x 01 w 0 000 | gloss", 0))
        .hasMessageContaining("ss_type: 'x'");
  }
}
