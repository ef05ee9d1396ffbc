package io.arbalest.engine.internal;

import org.apache.arrow.memory.util.MemoryUtil;

/**
 * The two structs of the Arrow C Data Interface, written and read by offset; {@code arb_jni.h}
 * asserts the layout.
 *
 * <pre>
 * struct ArrowSchema {          offset    struct ArrowArray {           offset
 *   const char *format;              0      int64_t length;                  0
 *   const char *name;                8      int64_t null_count;              8
 *   const char *metadata;           16      int64_t offset;                 16
 *   int64_t flags;                  24      int64_t n_buffers;              24
 *   int64_t n_children;             32      int64_t n_children;             32
 *   struct ArrowSchema **children;  40      const void **buffers;           40
 *   struct ArrowSchema *dictionary; 48      struct ArrowArray **children;   48
 *   void (*release)(…);             56      struct ArrowArray *dictionary;  56
 *   void *private_data;             64      void (*release)(…);             64
 * };                                        void *private_data;             72
 *                                         };
 * </pre>
 *
 * <p>Arrow's own export and import do the same for any type, by several allocations and calls
 * through JNI a struct and an upcall for its release: together more than ten times a small search.
 * What is built here lies in the memory of a {@link CallScope} and has nothing to free, so its
 * release callback only marks it released.
 */
final class ArrowStructs {
  static final long SCHEMA_BYTES = 72;
  static final long ARRAY_BYTES = 80;

  private static final long ON_RELEASE_SCHEMA = Native.arb_jni_release_borrowed_schema();
  private static final long ON_RELEASE_ARRAY = Native.arb_jni_release_borrowed();

  private ArrowStructs() {}

  /**
   * A schema.
   *
   * @param format the type, in the interface's letters
   * @param name of the field
   * @param children addresses of schemas
   */
  static long schema(CallScope scope, String format, String name, long... children) {
    long schema = scope.struct(SCHEMA_BYTES);
    MemoryUtil.putLong(schema, text(scope, format));
    MemoryUtil.putLong(schema + 8, text(scope, name));
    MemoryUtil.putLong(schema + 32, children.length);
    MemoryUtil.putLong(schema + 40, pointers(scope, children));
    MemoryUtil.putLong(schema + 56, ON_RELEASE_SCHEMA);
    return schema;
  }

  /**
   * An array of fixed-width values.
   *
   * @param validity address of the bitmap; 0 for none, if {@code nulls} is 0
   */
  static long leaf(CallScope scope, long length, int nulls, long validity, long values) {
    return array(scope, length, nulls, 2, pointers(scope, validity, values), 0, 0);
  }

  /** An array of a nested type, whose only buffer is the bitmap. */
  static long parent(CallScope scope, long length, int nulls, long validity, long... children) {
    return array(
        scope,
        length,
        nulls,
        1,
        pointers(scope, validity),
        children.length,
        pointers(scope, children));
  }

  private static long array(
      CallScope scope,
      long length,
      int nulls,
      int buffers,
      long bufferList,
      int children,
      long childList) {
    long array = scope.struct(ARRAY_BYTES);
    MemoryUtil.putLong(array, length);
    MemoryUtil.putLong(array + 8, nulls);
    MemoryUtil.putLong(array + 24, buffers);
    MemoryUtil.putLong(array + 32, children);
    MemoryUtil.putLong(array + 40, bufferList);
    MemoryUtil.putLong(array + 48, childList);
    MemoryUtil.putLong(array + 64, ON_RELEASE_ARRAY);
    return array;
  }

  /** Lets an array begin at an element of its buffers other than the first. */
  static void setOffset(long array, long offset) {
    MemoryUtil.putLong(array + 16, offset);
  }

  static long nullCount(long array) {
    return MemoryUtil.getLong(array + 8);
  }

  static long length(long array) {
    return MemoryUtil.getLong(array);
  }

  static long offset(long array) {
    return MemoryUtil.getLong(array + 16);
  }

  /** The address of buffer {@code number}; 0 where there is none. */
  static long buffer(long array, int number) {
    return MemoryUtil.getLong(MemoryUtil.getLong(array + 40) + 8L * number);
  }

  static long child(long array, int number) {
    return MemoryUtil.getLong(MemoryUtil.getLong(array + 48) + 8L * number);
  }

  private static long pointers(CallScope scope, long... addresses) {
    long list = scope.struct(8L * addresses.length);
    for (int i = 0; i < addresses.length; i++) {
      MemoryUtil.putLong(list + 8L * i, addresses[i]);
    }
    return list;
  }

  /** ASCII with the zero that ends it, which is there already. */
  private static long text(CallScope scope, String ascii) {
    long address = scope.struct(ascii.length() + 1L);
    for (int i = 0; i < ascii.length(); i++) {
      MemoryUtil.putByte(address + i, (byte) ascii.charAt(i));
    }
    return address;
  }
}
