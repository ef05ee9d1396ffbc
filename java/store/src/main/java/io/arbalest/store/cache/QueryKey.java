package io.arbalest.store.cache;

import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreLimits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.util.ArrowBufPointer;
import org.apache.arrow.memory.util.hash.MurmurHasher;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.ElementAddressableVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What an answer is looked up by: the state of the dataset, the bits of the queries and of their
 * keys, and every other field of the request. Keys are compared in full, never by a hash alone.
 *
 * <p>The request itself is part of the key, without its vectors and without what shapes no answer:
 * so a field that {@link SearchRequest} gets later is part of it as well.
 */
public final class QueryKey {
  /** Objects around the arrays, without what a request has in texts and trees; an estimate. */
  private static final int FIXED_BYTES = 400;

  private final DatasetCache dataset;
  private final Generation generation;
  private final SearchRequest options;
  private final List<?> queryType;
  private final byte[] queryBits;
  private final Field keyField;
  private final byte[] keyBits;
  private final int hash;

  private QueryKey(
      DatasetCache dataset,
      Generation generation,
      SearchRequest options,
      List<?> queryType,
      byte[] queryBits,
      Field keyField,
      byte[] keyBits,
      int hash) {
    this.dataset = dataset;
    this.generation = generation;
    this.options = options;
    this.queryType = queryType;
    this.queryBits = queryBits;
    this.keyField = keyField;
    this.keyBits = keyBits;
    this.hash = hash;
  }

  /** The key of a request; null if answers to it are not remembered. */
  static QueryKey of(DatasetCache dataset, Generation generation, SearchRequest request) {
    List<?> queryType = List.of();
    byte[] queryBits = {};
    int hash = 0;
    if (request.queries() != null) {
      if (!(request.queries() instanceof FixedSizeListVector queries)) {
        return null; // refused by the search, in its own words
      }
      queryType = List.of(queries.getDataVector().getField().getType(), queries.getListSize());
      queryBits = bits(queries);
      if (queryBits == null) {
        return null;
      }
      ArrowBuf components = queries.getDataVector().getDataBuffer();
      hash = MurmurHasher.hashCode(components, 0, queryBits.length, hash);
    }
    Field keyField = null;
    byte[] keyBits = {};
    if (request.queryKeys() != null) {
      keyField = request.queryKeys().getField();
      keyBits = bits(request.queryKeys());
      if (keyBits == null) {
        return null;
      }
    }
    SearchRequest options = options(request);
    hash = 31 * (31 * hash + Arrays.hashCode(keyBits)) + options.hashCode();
    return new QueryKey(
        dataset, generation, options, queryType, queryBits, keyField, keyBits, hash);
  }

  /** All that shapes an answer beside the vectors, which are compared by their bits. */
  private static SearchRequest options(SearchRequest request) {
    return request
        .with()
        .queries(null)
        .queryKeys(null)
        .minSequence(null) // was waited for
        .cache(true)
        .timeout(null)
        .build();
  }

  /** The components; null if there are nulls, no queries, too many, or other bits than they say. */
  private static byte[] bits(FixedSizeListVector queries) {
    int count = queries.getValueCount();
    boolean fits = count >= 1 && count <= StoreLimits.CACHED_QUERIES_MAX;
    if (!fits
        || queries.getNullCount() > 0
        || !(queries.getDataVector() instanceof BaseFixedWidthVector components)) {
      return null;
    }
    long values = (long) count * queries.getListSize();
    boolean whole = components.getValueCount() >= values && components.getNullCount() == 0;
    return whole ? bits(components, values) : null;
  }

  private static byte[] bits(BaseFixedWidthVector vector, long values) {
    long bytes = values * vector.getTypeWidth();
    if (bytes > StoreLimits.CACHED_BYTES_MAX) {
      return null;
    }
    byte[] bits = new byte[(int) bytes];
    vector.getDataBuffer().getBytes(0, bits);
    return bits;
  }

  /** Lengths and bytes of keys; null if there are too many of them, or they have no bytes. */
  private static byte[] bits(FieldVector keys) {
    int count = keys.getValueCount();
    if (count > StoreLimits.CACHED_QUERIES_MAX
        || !(keys instanceof ElementAddressableVector elements)
        || keys instanceof BitVector) {
      return null;
    }
    if (keys instanceof BaseFixedWidthVector numbers && numbers.getNullCount() == 0) {
      return bits(numbers, count);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArrowBufPointer element = new ArrowBufPointer();
    for (int i = 0; i < count; i++) {
      elements.getDataPointer(i, element);
      byte[] bytes = new byte[element.getBuf() == null ? 0 : Math.toIntExact(element.getLength())];
      if (out.size() + (long) bytes.length > StoreLimits.CACHED_BYTES_MAX) {
        return null;
      }
      if (element.getBuf() != null) {
        element.getBuf().getBytes(element.getOffset(), bytes);
      }
      int length = element.getBuf() == null ? -1 : bytes.length;
      out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  DatasetCache dataset() {
    return dataset;
  }

  Generation generation() {
    return generation;
  }

  /** Memory on the heap: exact for the bits, estimated for the rest. */
  long weight() {
    // A text holds two bytes a character at most.
    long characters = options.columns().stream().mapToLong(String::length).sum();
    characters += options.text() == null ? 0 : options.text().length();
    characters += options.likeId() instanceof String id ? id.length() : 0;
    long filter = options.filter() == null ? 0 : options.filter().bytes();
    return FIXED_BYTES + queryBits.length + keyBits.length + 2 * characters + filter;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof QueryKey key
        && generation == key.generation
        && hash == key.hash
        && Arrays.equals(queryBits, key.queryBits)
        && Arrays.equals(keyBits, key.keyBits)
        && queryType.equals(key.queryType)
        && Objects.equals(keyField, key.keyField)
        && options.equals(key.options);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
