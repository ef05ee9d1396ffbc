package io.arbalest.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.store.CacheOptions;
import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreLimits;
import io.arbalest.store.TestAllocator;
import io.arbalest.store.VectorsAs;
import io.arbalest.store.filter.Filter;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.util.TransferPair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests have one key if, and only if, one answer fits both. */
@ExtendWith(TestAllocator.class)
class QueryKeyTest {
  private static final ArrowType SINGLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final Filter FILTER =
      new Filter.Compare("year", Filter.Comparison.GE, new BigDecimal(2020));

  /** What may differ between requests of one answer. */
  private static final Set<String> SHAPES_NO_ANSWER = Set.of("minSequence", "timeout");

  private final DatasetCache cache = new QueryCache(CacheOptions.DEFAULT).open(true);
  private final List<FieldVector> vectors = new ArrayList<>();
  private BufferAllocator memory;

  @BeforeEach
  void take(BufferAllocator allocator) {
    memory = allocator;
  }

  @AfterEach
  void close() {
    vectors.forEach(FieldVector::close);
  }

  private QueryKey key(SearchRequest request) {
    return cache.key(request);
  }

  private FixedSizeListVector queries(float... components) {
    return queries(components.length, components);
  }

  private FixedSizeListVector queries(int dimension, float... components) {
    FixedSizeListVector list = FixedSizeListVector.empty("vector", dimension, memory);
    vectors.add(list);
    Float4Vector child =
        (Float4Vector) list.addOrGetVector(FieldType.notNullable(SINGLE)).getVector();
    list.setInitialCapacity(components.length / dimension);
    list.allocateNew();
    for (int i = 0; i < components.length; i++) {
      list.setNotNull(i / dimension);
      child.setSafe(i, components[i]);
    }
    list.setValueCount(components.length / dimension);
    return list;
  }

  private UInt4Vector numbers(String name, int... values) {
    UInt4Vector numbers = new UInt4Vector(name, memory);
    vectors.add(numbers);
    numbers.allocateNew(values.length);
    for (int i = 0; i < values.length; i++) {
      numbers.set(i, values[i]);
    }
    numbers.setValueCount(values.length);
    return numbers;
  }

  private VarCharVector texts(String... values) {
    VarCharVector texts = new VarCharVector("query", memory);
    vectors.add(texts);
    texts.allocateNew();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        texts.setSafe(i, values[i].getBytes(StandardCharsets.UTF_8));
      }
    }
    texts.setValueCount(values.length);
    return texts;
  }

  private SearchRequest base() {
    return SearchRequest.of(queries(1, 2), 10).with().queryKeys(numbers("n", 7)).build();
  }

  /** For each field of a request, requests that differ from the base in it alone. */
  private Map<String, Function<SearchRequest.Builder, SearchRequest.Builder>> changes() {
    Map<String, Function<SearchRequest.Builder, SearchRequest.Builder>> changes =
        new LinkedHashMap<>();
    changes.put("queries", b -> b.queries(queries(1, 3)));
    changes.put("queryKeys", b -> b.queryKeys(numbers("n", 8)));
    changes.put("likeId", b -> b.likeId(1L));
    changes.put("k", b -> b.k(11));
    changes.put("ef", b -> b.ef(10));
    changes.put("targetRecall", b -> b.targetRecall(0.5));
    changes.put("exact", b -> b.exact(true));
    changes.put("filter", b -> b.filter(FILTER));
    changes.put("text", b -> b.text("words"));
    changes.put("alpha", b -> b.alpha(0.5));
    changes.put("columns", b -> b.columns(List.of("year")));
    changes.put("vectorsAs", b -> b.vectorsAs(VectorsAs.SQ8));
    changes.put("minSequence", b -> b.minSequence(0L));
    changes.put("rowErrors", b -> b.rowErrors(true));
    changes.put("timeout", b -> b.timeout(Duration.ofSeconds(1)));
    return changes;
  }

  @Test
  void everyFieldOfARequestIsPartOfItsKeyOrShapesNoAnswer() {
    Map<String, Function<SearchRequest.Builder, SearchRequest.Builder>> changes = changes();
    QueryKey key = key(base());
    for (RecordComponent field : SearchRequest.class.getRecordComponents()) {
      String name = field.getName();
      if (name.equals("cache")) {
        assertThat(key(base().with().cache(false).build())).isNull();
        continue;
      }
      assertThat(changes).as("a new field of SearchRequest needs a case here").containsKey(name);
      QueryKey changed = key(changes.get(name).apply(base().with()).build());
      assertThat(changed.equals(key)).as(name).isEqualTo(SHAPES_NO_ANSWER.contains(name));
    }
  }

  @Test
  void equalRequestsInOtherVectorsHaveOneKey() {
    assertThat(key(base())).isEqualTo(key(base())).hasSameHashCodeAs(key(base()));
    SearchRequest.Builder all = base().with();
    changes().values().forEach(change -> change.apply(all));
    SearchRequest one = all.build();
    SearchRequest other = one.with().queries(queries(1, 3)).queryKeys(numbers("n", 8)).build();
    assertThat(key(other)).isEqualTo(key(one)).hasSameHashCodeAs(key(one));
  }

  @Test
  void aSliceHasTheKeyOfItsOwnRows() {
    FixedSizeListVector three = queries(2, 1, 2, 3, 4, 5, 6);
    TransferPair pair = three.getTransferPair(memory);
    pair.splitAndTransfer(1, 2);
    FieldVector slice = (FieldVector) pair.getTo();
    vectors.add(slice);
    assertThat(key(SearchRequest.of(slice, 1)))
        .isEqualTo(key(SearchRequest.of(queries(2, 3, 4, 5, 6), 1)));
    assertThat(key(SearchRequest.of(slice, 1))).isNotEqualTo(key(SearchRequest.of(three, 1)));
  }

  @Test
  void theSameBitsOfAnotherTypeOrShapeAreOtherQueries() {
    QueryKey wide = key(SearchRequest.of(queries(2, 1, 2, 3, 4), 1));
    assertThat(key(SearchRequest.of(queries(4, 1, 2, 3, 4), 1))).isNotEqualTo(wide);
    FixedSizeListVector signed = FixedSizeListVector.empty("v", 2, memory);
    FixedSizeListVector unsigned = FixedSizeListVector.empty("v", 2, memory);
    vectors.addAll(List.of(signed, unsigned));
    TinyIntVector a =
        (TinyIntVector)
            signed.addOrGetVector(FieldType.notNullable(new ArrowType.Int(8, true))).getVector();
    UInt1Vector b =
        (UInt1Vector)
            unsigned.addOrGetVector(FieldType.notNullable(new ArrowType.Int(8, false))).getVector();
    for (int i = 0; i < 2; i++) {
      a.setSafe(i, 5);
      b.setSafe(i, 5);
    }
    signed.setNotNull(0);
    unsigned.setNotNull(0);
    signed.setValueCount(1);
    unsigned.setValueCount(1);
    assertThat(key(SearchRequest.of(signed, 1))).isNotEqualTo(key(SearchRequest.of(unsigned, 1)));
    Float2Vector noList = new Float2Vector("v", memory);
    vectors.add(noList);
    assertThat(key(SearchRequest.of(noList, 1))).isNull();
  }

  @Test
  void keysOfQueriesAreToldApartByNameTypeNullsAndLengths() {
    SearchRequest request = SearchRequest.of(queries(1, 1, 2), 1);
    List<FieldVector> all =
        List.of(
            numbers("a", 1, 2),
            numbers("b", 1, 2),
            numbers("a", 2, 1),
            texts("a", "bc"),
            texts("ab", "c"),
            texts("", "abc"),
            texts(null, "abc"),
            texts(null, null));
    List<QueryKey> keys =
        all.stream().map(vector -> key(request.with().queryKeys(vector).build())).toList();
    assertThat(keys).doesNotContainNull().doesNotHaveDuplicates();
    assertThat(key(request.with().queryKeys(texts(null, "abc")).build())).isEqualTo(keys.get(6));
  }

  @Test
  void whatIsNotRememberedHasNoKey() {
    FixedSizeListVector withNull = queries(1, 1, 2);
    withNull.setNull(1);
    assertThat(key(SearchRequest.of(withNull, 1))).isNull();
    float[] many = new float[StoreLimits.CACHED_QUERIES_MAX + 1];
    assertThat(key(SearchRequest.of(queries(1, many), 1))).isNull();
    assertThat(key(SearchRequest.of(queries(1, Arrays.copyOf(many, many.length - 1)), 1)))
        .isNotNull();
    float[] large = new float[StoreLimits.CACHED_BYTES_MAX / Float.BYTES + 1];
    assertThat(key(SearchRequest.of(queries(large), 1))).isNull();
    assertThat(new QueryCache(CacheOptions.OFF).open(true).key(base())).isNull();
    assertThat(new QueryCache(CacheOptions.DEFAULT).open(false).key(base())).isNull();
  }

  @Test
  void aWriteOrAnotherDatasetMakesAnotherKey() {
    QueryKey before = key(base());
    assertThat(key(base())).isEqualTo(before);
    cache.changed();
    assertThat(key(base())).isNotEqualTo(before);
    QueryCache shared = new QueryCache(CacheOptions.DEFAULT);
    assertThat(shared.open(true).key(base())).isNotEqualTo(shared.open(true).key(base()));
  }
}
