package io.arbalest.engine.internal;

import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The C ABI of {@code arbalest.h}, function for function: pointers are {@code long} addresses, a
 * status is an {@code int} for {@link Errors#check}. JavaCPP's Builder compiles the JNI shim from
 * this class; {@link NativeLibrary#require} loads it. No method here checks an address: callers
 * hold an index or a subset by a {@link NativeHandle} and build structs in a {@link CallScope}.
 */
@Platform(
    include = {"arbalest/arbalest.h", "arb_jni.h"},
    link = "arbalest@.1",
    define = "STRING_BYTES_CHARSET \"UTF-8\"",
    library = "jniarbalest")
@NoException
public final class Native {
  private Native() {}

  public static native String arb_version();

  public static native String arb_last_error();

  @Cast("uint64_t")
  public static native long arb_cpu_features();

  public static native int arb_kernel_set_count();

  public static native String arb_kernel_set_name(int set);

  @Cast("uint64_t")
  public static native long arb_kernel_set_requires(int set);

  public static native String arb_kernel_set_kernel(int set, String job);

  public static native int arb_index_create(
      @Cast("const arb_index_options *") long options, @Cast("arb_index **") long out);

  public static native void arb_index_close(@Cast("arb_index *") long index);

  public static native int arb_index_append(
      @Cast("arb_index *") long index,
      @Cast("struct ArrowSchema *") long schema,
      @Cast("struct ArrowArray *") long batch,
      @Cast("uint64_t *") long firstRow);

  public static native int arb_index_link(
      @Cast("arb_index *") long index,
      @Cast("uint32_t") int maxRows,
      @Cast("uint32_t *") long linked);

  public static native int arb_index_delete(
      @Cast("arb_index *") long index,
      @Cast("struct ArrowSchema *") long schema,
      @Cast("struct ArrowArray *") long ids,
      @Cast("uint64_t *") long deleted);

  public static native int arb_index_search(
      @Cast("const arb_index *") long index,
      @Cast("const arb_search_options *") long options,
      @Cast("struct ArrowSchema *") long querySchema,
      @Cast("struct ArrowArray *") long queries,
      @Cast("struct ArrowSchema *") long filterSchema,
      @Cast("struct ArrowArray *") long filter,
      @Cast("struct ArrowSchema *") long outSchema,
      @Cast("struct ArrowArray *") long out,
      @Cast("arb_search_stats *") long stats);

  public static native int arb_index_vectors(
      @Cast("const arb_index *") long index,
      @Cast("struct ArrowSchema *") long idsSchema,
      @Cast("struct ArrowArray *") long ids,
      @Cast("struct ArrowSchema *") long outSchema,
      @Cast("struct ArrowArray *") long out);

  public static native int arb_index_vectors_into(
      @Cast("const arb_index *") long index,
      @Cast("struct ArrowSchema *") long idsSchema,
      @Cast("struct ArrowArray *") long ids,
      @Cast("const struct ArrowSchema *") long targetSchema,
      @Cast("const struct ArrowArray *") long target,
      @Cast("uint64_t *") long missing);

  public static native int arb_index_cast_rows(
      @Cast("const arb_index *") long index,
      @Cast("struct ArrowSchema *") long schema,
      @Cast("struct ArrowArray *") long vectors,
      @Cast("struct ArrowSchema *") long outSchema,
      @Cast("struct ArrowArray *") long out);

  public static native int arb_index_cast(
      @Cast("const arb_index *") long index,
      @Cast("struct ArrowSchema *") long schema,
      @Cast("struct ArrowArray *") long vectors,
      @Cast("struct ArrowSchema *") long outSchema,
      @Cast("struct ArrowArray *") long out);

  public static native int arb_index_freeze(@Cast("arb_index *") long index);

  public static native int arb_index_validate(
      @Cast("const arb_index *") long index, @Cast("arb_index_report *") long out);

  public static native int arb_index_get_stats(
      @Cast("const arb_index *") long index, @Cast("arb_index_stats *") long out);

  public static native int arb_index_save(
      @Cast("arb_index *") long index,
      @Cast("const char *") byte[] path,
      @Cast("uint64_t") long rows);

  public static native int arb_index_open(
      @Cast("const char *") byte[] path,
      @Cast("const arb_index_options *") long options,
      int resident,
      @Cast("arb_index **") long out);

  public static native int arb_subset_create(
      @Cast("const arb_index *") long index,
      @Cast("struct ArrowSchema *") long filterSchema,
      @Cast("struct ArrowArray *") long filter,
      @Cast("arb_subset **") long out);

  public static native void arb_subset_destroy(@Cast("arb_subset *") long subset);

  public static native int arb_subset_get_stats(
      @Cast("const arb_subset *") long subset, @Cast("arb_subset_stats *") long out);

  public static native int arb_subset_is_current(
      @Cast("const arb_subset *") long subset, @Cast("const arb_index *") long index);

  /**
   * One float32 query, its Arrow structs on the native stack: see {@code arb_jni.h}.
   *
   * @param stats gets visited, tail scanned, hops, fallbacks, and how many hits were written
   */
  public static native int arb_jni_search_one(
      @Cast("const arb_index *") long index,
      @Cast("const float *") float[] query,
      int dimension,
      int k,
      int ef,
      int strategy,
      float targetRecall,
      @Cast("int64_t *") long[] ids,
      float[] distances,
      @Cast("uint64_t *") long[] stats);

  /** Address of the release callback for arrays whose buffers stay Java's. */
  @Cast("int64_t")
  public static native long arb_jni_release_borrowed();

  /** Address of the release callback for schemas whose memory stays Java's. */
  @Cast("int64_t")
  public static native long arb_jni_release_borrowed_schema();

  /** Releases what a call answered; does nothing to zeroed structs. */
  public static native void arb_jni_release_answer(
      @Cast("struct ArrowSchema *") long schema, @Cast("struct ArrowArray *") long array);
}
