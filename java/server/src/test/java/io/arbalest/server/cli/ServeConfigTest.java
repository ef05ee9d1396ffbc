package io.arbalest.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeConfigTest {
  @TempDir Path directory;

  private ServeConfig load(String name, String text) throws IOException {
    ServeConfig config = new ServeConfig();
    config.load(Files.writeString(directory.resolve(name), text));
    return config;
  }

  @Test
  void readsPropertiesAndJsonAlikeAndTheCommandLineWins() throws IOException {
    for (ServeConfig config :
        new ServeConfig[] {
          load("a.properties", "port = 1234\ndata=/d\ncalls=5\n"),
          load("a.json", "{\"port\":1234,\"data\":\"/d\",\"calls\":5}")
        }) {
      config.override("port", 99);
      config.override("data", null);
      assertThat(config.integer("port", 1)).isEqualTo(99);
      assertThat(config.text("data")).isEqualTo("/d");
      assertThat(config.integer("calls", 1)).isEqualTo(5);
      assertThat(config.integer("http-port", 7)).isEqualTo(7);
    }
  }

  @Test
  void readsFractions() throws IOException {
    ServeConfig json = load("a.json", "{\"shadow-share\":0.25}");
    assertThat(json.fraction("shadow-share", 1)).isEqualTo(0.25);
    assertThat(json.fraction("shadow-core-share", 0.5)).isEqualTo(0.5);
    ServeConfig words = load("a.properties", "shadow-share=few");
    assertThatThrownBy(() -> words.fraction("shadow-share", 1)).hasMessageContaining("found 'few'");
  }

  @Test
  void refusesAKeyNobodyKnowsAndAValueOfTheWrongType() throws IOException {
    assertThatThrownBy(() -> load("b.properties", "prot=1"))
        .hasMessageContaining("b.properties: unknown key 'prot'")
        .hasMessageContaining("http-port");
    assertThatThrownBy(() -> load("b.json", "{\"prot\":1}")).hasMessageContaining("'prot'");
    assertThatThrownBy(() -> load("c.json", "{\"port\":[1]}")).hasMessageContaining("port");
    assertThatThrownBy(() -> load("d.json", "{\"port\":1,\"port\":2}"))
        .hasMessageContaining("Duplicate");
    ServeConfig words = load("e.properties", "port=many");
    assertThatThrownBy(() -> words.integer("port", 1)).hasMessageContaining("found 'many'");
    ServeConfig large = load("f.properties", "port=9999999999");
    assertThatThrownBy(() -> large.integer("port", 1)).hasMessageContaining("9999999999");
  }
}
