/* arb_index_cast: what it accepts an append takes and stores bit for bit; what it refuses an append
 * refuses with the same words. */
#include "index_helpers.h"
#include "vectors/rows.h"

#define DIM 24

/* The child values of a cast of one row. */
static void cast_row(const arb_index *index, char format, const void *values, void *out,
                     size_t bytes)
{
    test_tree tree = test_vectors("", format, values, 1, DIM);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_cast(index, &tree.schema, &tree.array, &schema, &array));
    CHECK(tree.array.release == NULL, "the input was not released");
    CHECK(array.length == 1 && array.null_count == 0, "%lld rows", (long long)array.length);
    memcpy(out, array.children[0]->buffers[1], bytes);
    array.release(&array);
    schema.release(&schema);
    test_free(&tree);
}

static void stored_row(const arb_index *index, int64_t id, void *out, size_t bytes)
{
    test_tree tree = test_ids("ids", &id, 1);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_vectors(index, &tree.schema, &tree.array, &schema, &array));
    memcpy(out, array.children[0]->buffers[1], bytes);
    array.release(&array);
    schema.release(&schema);
    test_free(&tree);
}

static void test_cast_is_what_append_stores(int32_t set, arb_element element)
{
    static const uint16_t halves[DIM] = {0x3c01, 0xc000, 0x0001};
    static const float singles[DIM] = {1.0004f, -2, 0.3f, 6e-8f};
    static const double doubles[DIM] = {1.0004, -2, 1.0 / 3};
    static const int8_t signeds[DIM] = {1, -2, 127, -128};
    static const uint8_t unsigneds[DIM] = {1, 2, 255};
    const void *values[5] = {halves, singles, doubles, signeds, unsigneds};
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, element);
    options.kernel_set = set;
    arb_index *index = test_index(&options);
    size_t bytes = DIM * arb_element_size(element);
    for (int64_t i = 0; i < 5; i++) {
        uint8_t cast[DIM * 4];
        uint8_t stored[DIM * 4];
        cast_row(index, "efgcC"[i], values[i], cast, bytes);
        CHECK(test_stats(index).rows == (uint64_t)i, "the cast was kept");
        test_tree batch = test_batch(&i, "efgcC"[i], values[i], 1, DIM);
        CHECK_OK(arb_index_append(index, &batch.schema, &batch.array, NULL));
        test_free(&batch);
        stored_row(index, i, stored, bytes);
        CHECK(memcmp(cast, stored, bytes) == 0, "type %c: the cast is not what was stored",
              "efgcC"[i]);
    }
    arb_index_close(index);
}

static void test_refuses_what_append_refuses(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_COSINE, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    float values[2 * DIM] = {1};
    struct ArrowSchema schema = {.flags = 77};
    struct ArrowArray array = {.length = 77};
    test_tree zero = test_vectors("", 'f', values, 2, DIM);
    CHECK_FAILS(arb_index_cast(index, &zero.schema, &zero.array, &schema, &array),
                ARB_INVALID_ARGUMENT, "vector: row 1: found a zero vector");
    CHECK(zero.array.release != NULL && schema.flags == 77 && array.length == 77,
          "touched on failure");
    test_free(&zero);
    values[DIM + 5] = 70000;
    test_tree large = test_vectors("", 'f', values, 2, DIM);
    CHECK_FAILS(arb_index_cast(index, &large.schema, &large.array, &schema, &array),
                ARB_INVALID_ARGUMENT, "vector: row 1, component 5: found 70000");
    CHECK_FAILS(arb_index_cast(index, &large.schema, &large.array, NULL, &array),
                ARB_INVALID_ARGUMENT, "out: found NULL");
    CHECK_FAILS(arb_index_cast(NULL, &large.schema, &large.array, &schema, &array),
                ARB_INVALID_ARGUMENT, "index: found NULL");
    test_free(&large);
    arb_index_close(index);
}

int main(void)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if ((arb_kernel_set_requires(set) & ~arb_cpu_features()) != 0) {
            continue; /* hidden sets cast by the kernels of the set below */
        }
        test_cast_is_what_append_stores(set, ARB_ELEMENT_F16);
        test_cast_is_what_append_stores(set, ARB_ELEMENT_F32);
    }
    test_refuses_what_append_refuses();
    CHECK(test_arrays_alive == 0, "%lld arrays leaked", (long long)test_arrays_alive);
    return 0;
}
