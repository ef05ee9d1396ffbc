package io.arbalest.server.cli.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.client.BatchSource;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableFilesTest {
  private static final List<String> ROWS =
      List.of(
          "{'id':1,'vector':[1.0,2.0],'word':'a, \\'b\\'','n':7,'x':0.5,'ok':true,'tags':['p','q']}",
          "{'id':2,'vector':[3.5,-4.0],'word':'c','n':null,'x':2.0,'ok':false,'tags':['r']}");

  private final BufferAllocator allocator = new RootAllocator();
  @TempDir Path directory;

  @AfterEach
  void nothingLeaks() {
    allocator.close();
  }

  private static String json(String text) {
    return text.replace("\\'", "\\\"").replace('\'', '"');
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private Path writeRows() throws IOException {
    return write("rows.jsonl", String.join("\n", ROWS.stream().map(TableFilesTest::json).toList()));
  }

  private List<String> read(BatchSource source) throws IOException {
    List<String> rows = new ArrayList<>();
    try (source) {
      while (source.next()) {
        for (int row = 0; row < source.root().getRowCount(); row++) {
          rows.add(Cells.row(source.root(), row).toString());
        }
      }
    }
    return rows;
  }

  private void copy(Path from, Path to) throws IOException {
    try (BatchSource source = TableFiles.open(from, allocator);
        BatchWriter writer = TableFiles.create(to)) {
      while (source.next()) {
        writer.write(source.root());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy.jsonl", "copy.csv", "copy.arrow"})
  void writesRowsAndReadsThemBack(String name) throws IOException {
    Path copy = directory.resolve(name);
    copy(writeRows(), copy);
    assertThat(read(TableFiles.open(copy, allocator)))
        .containsExactlyElementsOf(ROWS.stream().map(TableFilesTest::json).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy.fbin", "copy.hbin", "copy.npy"})
  void writesVectorsAndReadsThemBack(String name) throws IOException {
    Path copy = directory.resolve(name);
    copy(writeRows(), copy);
    try (BatchSource source = TableFiles.open(copy, allocator)) {
      assertThat(TableFiles.rows(source)).isEqualTo(2);
    }
    assertThat(read(TableFiles.open(copy, allocator)))
        .containsExactly(json("{'vector':[1.0,2.0]}"), json("{'vector':[3.5,-4.0]}"));
  }

  @Test
  void readsAnArrowStreamAsWellAsAFile() throws IOException {
    Path stream = directory.resolve("stream.arrow");
    try (BatchSource source = TableFiles.open(writeRows(), allocator);
        ArrowStreamWriter writer =
            new ArrowStreamWriter(
                source.root(), null, Channels.newChannel(Files.newOutputStream(stream)))) {
      writer.start();
      while (source.next()) {
        writer.writeBatch();
      }
      writer.end();
    }
    assertThat(read(TableFiles.open(stream, allocator))).hasSize(2);
  }

  @Test
  void reshapesNamesNumbersAndCuts() throws IOException {
    BatchSource source = TableFiles.open(writeRows(), allocator);
    BatchSource shaped =
        new Reshaped(
            source, allocator, Map.of("vector", "v"), "row", Map.of("arbalest.metric", "l2"));
    VectorSchemaRoot root = shaped.root();
    assertThat(root.getSchema().getCustomMetadata()).containsEntry("arbalest.metric", "l2");
    assertThat(read(shaped))
        .containsExactly(json("{'row':0,'v':[1.0,2.0]}"), json("{'row':1,'v':[3.5,-4.0]}"));
  }

  @Test
  void aCsvColumnOfNumbersAndWordsIsText() throws IOException {
    Path path = write("mixed.csv", "id,word\n1,7\n2,seven\n3,\n\n4,\"line\none\"\n");
    assertThat(read(TableFiles.open(path, allocator)))
        .containsExactly(
            json("{'id':1,'word':'7'}"),
            json("{'id':2,'word':'seven'}"),
            json("{'id':3,'word':null}"),
            json("{'id':4,'word':'line\\none'}"));
  }

  @Test
  void saysWhereAFileIsWrong() throws IOException {
    refuses(write("a.jsonl", "{\"id\":1}\n{\"id\":\"x\"}"), "a.jsonl:2: column 'id': found UTF8");
    refuses(write("b.jsonl", "{\"id\":1}\nnope"), "b.jsonl:2: not JSON");
    refuses(
        write("c.jsonl", "{\"vector\":[1,2]}\n{\"vector\":[1]}"),
        "c.jsonl:2: column 'vector': found dimension 1, allowed 2");
    refuses(write("d.csv", "a,b\n1\n"), "d.csv:2: found 1 cells, allowed 2");
    refuses(write("e.csv", "a\n\"x\n"), "e.csv:2: a quoted cell does not end");
    refuses(write("f.arrow", "no arrow"), "f.arrow");
    refuses(write("g.parquet", "x"), "g.parquet: unknown ending");
    refuses(write("h.jsonl", ""), "h.jsonl: found no records");
    refuses(write("i.csv", ""), "i.csv: found an empty file");
  }

  private void refuses(Path path, String message) {
    assertThatThrownBy(() -> read(TableFiles.open(path, allocator)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }
}
