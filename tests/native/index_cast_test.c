/* arb_index_cast: what it accepts an append takes and stores bit for bit; what it refuses an append
 * refuses with the same words. arb_index_cast_rows: the same, row by row. */
#include <math.h>

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

/* What the call says of one row: NULL where the row is good. */
static const char *error_of(const struct ArrowArray *array, int64_t row, char *text)
{
    const struct ArrowArray *errors = array->children[1];
    const int32_t *ends = errors->buffers[1];
    int told = ((const uint8_t *)errors->buffers[0])[row / 8] >> (row % 8) & 1;
    const uint8_t *valid = array->children[0]->buffers[0];
    CHECK((valid[row / 8] >> (row % 8) & 1) == !told, "row %lld: vector and error", (long long)row);
    if (!told) {
        CHECK(ends[row] == ends[row + 1], "row %lld: text without an error", (long long)row);
        return NULL;
    }
    int32_t bytes = ends[row + 1] - ends[row];
    memcpy(text, (const char *)errors->buffers[2] + ends[row], (size_t)bytes);
    text[bytes] = '\0';
    return text;
}

#define CAST_ROWS 11

/* Rows 1, 3, 4, 6, 8 and 9 are bad, each for its own reason. */
static test_tree good_and_bad(float *values)
{
    for (int i = 0; i < CAST_ROWS * DIM; i++) {
        values[i] = (float)(i % 7) + 1;
    }
    values[1 * DIM + 3] = NAN;
    values[3 * DIM + 23] = -INFINITY;
    memset(values + 4 * DIM, 0, DIM * sizeof *values);
    values[6 * DIM] = 65520;
    test_tree tree = test_vectors("", 'f', values, CAST_ROWS, DIM);
    test_all_valid(&tree.array)[8 / 8] &= (uint8_t) ~(1u << (8 % 8));
    tree.array.null_count = 1;
    int component = 9 * DIM + 5;
    test_all_valid(tree.array.children[0])[component / 8] &= (uint8_t) ~(1u << (component % 8));
    tree.array.children[0]->null_count = -1;
    return tree;
}

static void test_a_bad_row_spoils_no_other(arb_element element)
{
    static const char *const wanted[CAST_ROWS] = {
        [1] = "vector: component 3: found NaN; allowed finite values",
        [3] = "vector: component 23: found -infinity; allowed finite values",
        [4] = "vector: found a zero vector",
        [6] = "vector: component 0: found 65520; allowed -65504..65504 for float16",
        [8] = "vector: found null; allowed values",
        [9] = "vector: component 5: found null; allowed values",
    };
    arb_index_options options = test_options(DIM, ARB_METRIC_COSINE, element);
    options.kernel_set = test_widest_set();
    arb_index *index = test_index(&options);
    float values[CAST_ROWS * DIM];
    test_tree tree = good_and_bad(values);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_cast_rows(index, &tree.schema, &tree.array, &schema, &array));
    CHECK(tree.array.release == NULL, "the input was not released");
    CHECK(strcmp(schema.format, "+s") == 0 && schema.n_children == 2 &&
              strcmp(schema.children[0]->format, "+w:24") == 0 &&
              strcmp(schema.children[1]->format, "u") == 0,
          "schema %s", schema.format);
    int bad = element == ARB_ELEMENT_F16 ? 6 : 5;
    CHECK(array.length == CAST_ROWS && array.children[0]->null_count == bad &&
              array.children[1]->null_count == CAST_ROWS - bad,
          "%lld nulls", (long long)array.children[0]->null_count);
    size_t bytes = DIM * arb_element_size(element);
    for (int64_t row = 0; row < CAST_ROWS; row++) {
        char text[512];
        const char *error = error_of(&array, row, text);
        const char *expected = row == 6 && element == ARB_ELEMENT_F32 ? NULL : wanted[row];
        CHECK((error == NULL) == (expected == NULL), "row %lld: %s", (long long)row,
              error == NULL ? "no error" : error);
        const uint8_t *found =
            (const uint8_t *)array.children[0]->children[0]->buffers[1] + (size_t)row * bytes;
        uint8_t alone[DIM * 4] = {0};
        if (error == NULL) {
            cast_row(index, 'f', values + row * DIM, alone, bytes);
        } else {
            CHECK(strncmp(error, expected, strlen(expected)) == 0, "row %lld: %s", (long long)row,
                  error);
        }
        CHECK(memcmp(found, alone, bytes) == 0, "row %lld is not what it is alone", (long long)row);
    }
    /* children may be moved out, and outlive the parent */
    struct ArrowArray vectors = *array.children[0];
    array.children[0]->release = NULL;
    array.release(&array);
    CHECK(vectors.children[0]->length == CAST_ROWS * DIM, "the moved child lost its components");
    vectors.release(&vectors);
    schema.release(&schema);
    test_free(&tree);
    arb_index_close(index);
}

static void test_what_rows_share_fails_the_call(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_COSINE, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    float values[2 * DIM] = {1};
    struct ArrowSchema schema = {.flags = 77};
    struct ArrowArray array = {.length = 77};
    test_tree narrow = test_vectors("", 'f', values, 2, DIM - 1);
    CHECK_FAILS(arb_index_cast_rows(index, &narrow.schema, &narrow.array, &schema, &array),
                ARB_INVALID_ARGUMENT, "vector: dimension: found 23; allowed 24");
    CHECK(narrow.array.release != NULL && schema.flags == 77 && array.length == 77,
          "touched on failure");
    CHECK_FAILS(arb_index_cast_rows(index, &narrow.schema, &narrow.array, &schema, NULL),
                ARB_INVALID_ARGUMENT, "out: found NULL");
    test_free(&narrow);
    test_tree none = test_vectors("", 'f', values, 0, DIM);
    CHECK_OK(arb_index_cast_rows(index, &none.schema, &none.array, &schema, &array));
    CHECK(array.length == 0 && array.children[1]->buffers[2] != NULL, "an empty answer");
    array.release(&array);
    schema.release(&schema);
    test_free(&none);
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
    test_a_bad_row_spoils_no_other(ARB_ELEMENT_F16);
    test_a_bad_row_spoils_no_other(ARB_ELEMENT_F32);
    test_what_rows_share_fails_the_call();
    CHECK(test_arrays_alive == 0, "%lld arrays leaked", (long long)test_arrays_alive);
    return 0;
}
