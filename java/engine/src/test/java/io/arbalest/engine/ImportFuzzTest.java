package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.ArbalestException.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hand-made Arrow C Data structs. Each lie that the structs themselves can show must be an
 * exception, change nothing, and leave the input with its producer; a crash fails the whole test
 * run.
 */
@ExtendWith(NoLeaks.class)
class ImportFuzzTest {
  private static final int DIMENSION = 19;
  private static final int ROWS = 5;
  private static final float[][] SOURCE = TestVectors.wholeNumbers(12, DIMENSION, 1);

  /** One way to lie. */
  record Lie(String name, Consumer<RawBatch> apply) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Lie> lies() {
    List<Lie> lies = new ArrayList<>();
    schemaLies(lies);
    nodeLies(lies, "root", batch -> batch.root);
    nodeLies(lies, "id", batch -> batch.ids);
    nodeLies(lies, "vector", batch -> batch.vectors);
    nodeLies(lies, "item", batch -> batch.values);
    lies.add(new Lie("id: no data buffer", b -> lose(b, b.ids, 1)));
    lies.add(new Lie("item: no data buffer", b -> lose(b, b.values, 1)));
    lies.add(new Lie("root far longer than its ids", b -> b.root.array.length = 1L << 40));
    lies.add(new Lie("root far past its ids", b -> b.root.array.offset = 1L << 40));
    lies.add(new Lie("lists far past the items", b -> b.vectors.array.offset = 1L << 40));
    lies.add(new Lie("root longer than its ids", b -> b.root.array.length = ROWS + 1));
    lies.add(new Lie("ids shorter than the root", b -> b.ids.array.length = ROWS - 1));
    lies.add(new Lie("vectors shorter than the root", b -> b.vectors.array.length = ROWS - 1));
    lies.add(
        new Lie("items shorter than the lists", b -> b.values.array.length = ROWS * DIMENSION - 1));
    lies.add(new Lie("root offset past its ids", b -> b.root.array.offset = 1));
    lies.add(new Lie("list offset past the items", b -> b.vectors.array.offset = 8));
    return lies.stream();
  }

  private static void schemaLies(List<Lie> lies) {
    for (String format : List.of("", "+l", "+w:2", "l", "z", "+", "s+", "\u00e9")) {
      lies.add(new Lie("root format '" + format + "'", b -> format(b, b.root, format)));
    }
    for (String format : List.of("", "i", "L", "u", "g", "tsu:", "+s", "ll")) {
      lies.add(new Lie("id format '" + format + "'", b -> format(b, b.ids, format)));
    }
    for (String format :
        List.of(
            "",
            "+w:18",
            "+w:20",
            "+w:0",
            "+w:-19",
            "+w:",
            "+w:x",
            "+w",
            "+l",
            "+L",
            "f",
            "+w:19x",
            "+w:4294967315",
            "+w:99999999999999999999")) {
      lies.add(new Lie("vector format '" + format + "'", b -> format(b, b.vectors, format)));
    }
    for (String format : List.of("", "i", "s", "S", "u", "b", "n", "ff", "+s", "l", "w:4")) {
      lies.add(new Lie("item format '" + format + "'", b -> format(b, b.values, format)));
    }
  }

  private static void format(RawBatch batch, RawBatch.Node node, String format) {
    node.schema.format = batch.string(format);
  }

  private static void nodeLies(
      List<Lie> lies, String name, Function<RawBatch, RawBatch.Node> node) {
    add(lies, name + ": schema format NULL", node, n -> n.schema.format = 0);
    add(lies, name + ": schema released", node, n -> n.schema.release = 0);
    add(lies, name + ": array released", node, n -> n.array.release = 0);
    add(lies, name + ": array dictionary", node, n -> n.array.dictionary = n.arrayAddress());
    add(lies, name + ": schema dictionary", node, n -> n.schema.dictionary = n.schemaAddress());
    add(lies, name + ": buffers NULL", node, n -> n.array.buffers = 0);
    for (long bad : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      add(lies, name + ": length " + bad, node, n -> n.array.length = bad);
      add(lies, name + ": offset " + bad, node, n -> n.array.offset = bad);
    }
    for (long nulls : new long[] {-2, Long.MIN_VALUE, Long.MAX_VALUE, 1}) {
      add(lies, name + ": null_count " + nulls, node, n -> n.array.null_count = nulls);
    }
    for (long more : new long[] {-1, 1, 2, 1L << 32}) {
      add(
          lies,
          name + ": n_buffers + " + more,
          node,
          n -> n.array.n_buffers = n.buffers.size() + more);
      add(
          lies,
          name + ": array n_children + " + more,
          node,
          n -> n.array.n_children = n.children.size() + more);
      add(
          lies,
          name + ": schema n_children + " + more,
          node,
          n -> n.schema.n_children = n.children.size() + more);
    }
    add(lies, name + ": n_buffers < 0", node, n -> n.array.n_buffers = -1);
  }

  private static void add(
      List<Lie> lies,
      String name,
      Function<RawBatch, RawBatch.Node> node,
      Consumer<RawBatch.Node> change) {
    lies.add(new Lie(name, batch -> change.accept(node.apply(batch))));
  }

  /** Sets the pointer to buffer {@code number} to NULL. */
  private static void lose(RawBatch batch, RawBatch.Node node, int number) {
    long[] pointers = new long[node.buffers.size()];
    for (int i = 0; i < pointers.length; i++) {
      pointers[i] = i == number ? 0 : node.buffers.get(i);
    }
    node.array.buffers = batch.pointers(pointers);
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieIsRefused(Lie lie, BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch batch = new RawBatch(allocator, ROWS, SOURCE)) {
      lie.apply.accept(batch);
      assertRefused(index, batch);
    }
  }

  @Test
  void liesTogetherAreRefused(BufferAllocator allocator) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Lie> lies = lies().toList();
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build()) {
      for (int round = 0; round < 2000; round++) {
        List<Lie> told = new ArrayList<>();
        try (RawBatch batch = new RawBatch(allocator, ROWS, SOURCE)) {
          for (int i = 0; i <= random.nextInt(3); i++) {
            Lie lie = lies.get(random.nextInt(lies.size()));
            told.add(lie);
            lie.apply.accept(batch);
          }
          assertRefused(index, batch);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + ", round " + round + ", lies " + told, e);
        }
      }
    }
  }

  private static void assertRefused(VectorIndex index, RawBatch batch) {
    batch.seal();
    assertRefused(() -> batch.appendTo(index), batch.root);
    assertThat(index.stats().rows()).isZero();
  }

  private static void assertRefused(Runnable call, RawBatch.Node input) {
    boolean released = input.isReleased();
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ArbalestException.class,
            e -> {
              assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT);
              assertThat(e.getMessage()).isNotBlank();
            });
    assertThat(input.isReleased()).as("a refused input stays its producer's").isEqualTo(released);
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieInQueriesOrIdsIsRefused(Lie lie, BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch batch = new RawBatch(allocator, ROWS, SOURCE)) {
      index.add(TestVectors.ids(0, ROWS), Arrays.copyOf(SOURCE, ROWS));
      lie.apply.accept(batch);
      batch.seal();
      // Lies about the other column, or only the batch's, are the truth here.
      if (lie.name.matches("(vector|item)\\b.*") && !lie.name.contains("than the root")) {
        assertRefused(() -> batch.searchIn(index).close(), batch.vectors);
      } else if (lie.name.matches("id\\b.*")) {
        assertRefused(() -> batch.deleteFrom(index), batch.ids);
        assertThat(index.stats().live()).isEqualTo(ROWS);
      }
    }
  }

  @Test
  void trueQueriesAndIdsAreTakenAndReleased(BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch batch = new RawBatch(allocator, ROWS, SOURCE)) {
      index.add(TestVectors.ids(0, ROWS), Arrays.copyOf(SOURCE, ROWS));
      batch.seal();
      try (SearchBatch hits = batch.searchIn(index)) {
        assertThat(hits.root().getRowCount()).isEqualTo(ROWS);
        assertThat(hits.ids().get(3)).isEqualTo(3);
      }
      assertThat(batch.vectors.isReleased()).isTrue();
      assertThat(batch.deleteFrom(index)).isEqualTo(ROWS);
      assertThat(batch.ids.isReleased()).isTrue();
    }
  }

  @Test
  void theTruthIsTakenAndReleased(BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch batch = new RawBatch(allocator, ROWS, SOURCE).seal()) {
      assertThat(batch.appendTo(index)).isZero();
      assertThat(batch.root.isReleased()).isTrue();
      assertThat(index.search(SOURCE[4], 1).ids()).containsExactly(4);
      assertThat(index.stats().rows()).isEqualTo(ROWS);
    }
  }

  @Test
  void offsetsOnEveryLevelAddUp(BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch batch = new RawBatch(allocator, 3, SOURCE)) {
      batch.root.array.offset = 2; // rows 2..4 of both columns
      batch.ids.array.offset = 1; // ids are those of rows 3..5 of the buffer
      batch.ids.array.length = 5;
      batch.vectors.array.offset = 1;
      batch.vectors.array.length = 5;
      batch.values.array.offset = DIMENSION; // and the floats those of rows 4..6
      batch.values.array.length = (SOURCE.length - 1L) * DIMENSION;
      batch.seal().appendTo(index);
      for (int i = 0; i < 3; i++) {
        SearchResult hit = index.search(SOURCE[4 + i], 1);
        assertThat(hit.ids()).containsExactly(3 + i);
        assertThat(hit.distances()[0]).isZero();
      }
    }
  }

  @Test
  void anUnknownNullCountIsCounted(BufferAllocator allocator) {
    try (VectorIndex index = VectorIndex.builder(DIMENSION).metric(Metric.L2).build();
        RawBatch valid = new RawBatch(allocator, ROWS, SOURCE)) {
      valid.vectors.array.null_count = -1;
      valid.vectors.array.buffers = valid.pointers(valid.allValid(ROWS));
      valid.seal().appendTo(index);
      assertThat(index.stats().rows()).isEqualTo(ROWS);
    }
  }
}
