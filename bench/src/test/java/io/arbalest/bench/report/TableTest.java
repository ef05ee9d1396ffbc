package io.arbalest.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void alignsForATerminalAndWritesMarkdown() {
    Table table = new Table(List.of("name", "qps"));
    table.add(List.of("a", "1200"));
    table.add(List.of("longer", "7"));
    assertThat(table.text()).isEqualTo("name     qps\na       1200\nlonger     7\n");
    assertThat(table.markdown())
        .isEqualTo("| name | qps |\n| --- | ---: |\n| a | 1200 |\n| longer | 7 |\n");
  }

  @Test
  void refusesARowOfAnotherWidth() {
    Table table = new Table(List.of("name", "qps"));
    assertThatThrownBy(() -> table.add(List.of("a"))).hasMessageContaining("1 cells");
  }
}
