/* arb_index_vectors_into: stored vectors in every form, written where the caller says and nowhere
 * else; how far SQ8 is from the row; ids that do not live; targets that lie. */
#include <float.h>
#include <math.h>

#include "index_helpers.h"
#include "kernels/kernels.h"
#include "vectors/rows.h"

#define ROWS 9
#define BEFORE 3 /* rows of the target in front of the written ones */
#define BEHIND 2
#define ROOM (BEFORE + ROWS + BEHIND)
#define POISON 0xa5

static const uint32_t dims[] = {1, 2, 7, 8, 31, 64, 130, 1536};

/* A column with room for ROOM rows, of which the written ones begin at BEFORE. */
typedef struct column {
    test_tree tree;
    struct ArrowArray *values; /* the leaf of components */
    struct ArrowArray *scale;
    struct ArrowArray *offset;
} column;

static void poison(struct ArrowArray *array, size_t bytes)
{
    if (array->n_buffers == 2) {
        memset((void *)array->buffers[1], POISON, bytes);
    }
    memset(test_all_valid(array), 0, (size_t)(array->length + 7) / 8);
}

static column make_column(char format, uint32_t dim)
{
    uint8_t *zeros = calloc(ROOM * dim, sizeof(double));
    column made = {.tree = test_vectors("codes", format, zeros, ROOM, dim)};
    made.values = made.tree.array.children[0];
    poison(made.values, ROOM * dim * test_format_size(format));
    poison(&made.tree.array, 0);
    if (format == 'C') {
        test_tree codes = made.tree;
        made.tree = test_node("+s", "vector", ROOM, 1, 3);
        test_put_child(&made.tree, 0, test_leaf('f', "scale", zeros, ROOM));
        test_put_child(&made.tree, 1, test_leaf('f', "offset", zeros, ROOM));
        test_put_child(&made.tree, 2, codes);
        made.scale = made.tree.array.children[0];
        made.offset = made.tree.array.children[1];
        made.values = made.tree.array.children[2]->children[0];
        poison(made.scale, ROOM * sizeof(float));
        poison(made.offset, ROOM * sizeof(float));
        poison(&made.tree.array, 0);
    }
    made.tree.array.offset = BEFORE;
    made.tree.array.length = ROWS;
    free(zeros);
    return made;
}

static int bit(const struct ArrowArray *array, int64_t at)
{
    return ((const uint8_t *)array->buffers[0])[at / 8] >> (at % 8) & 1;
}

/* Bits of the written rows are set, others are as they were; bytes outside keep their poison. */
static void check_outside(const struct ArrowArray *leaf, uint32_t per_row, size_t size)
{
    const uint8_t *bytes = leaf->buffers[1];
    for (int64_t i = 0; i < ROOM * (int64_t)per_row; i++) {
        int inside = i >= BEFORE * (int64_t)per_row && i < (BEFORE + ROWS) * (int64_t)per_row;
        CHECK(bit(leaf, i) == inside, "element %lld of %u a row", (long long)i, per_row);
        for (size_t j = 0; j < size && !inside; j++) {
            CHECK(bytes[(size_t)i * size + j] == POISON, "element %lld was written", (long long)i);
        }
    }
}

static double stored_value(const arb_index *index, const void *row, uint32_t i)
{
    if (test_stats(index).element == ARB_ELEMENT_F32) {
        return ((const float *)row)[i];
    }
    float value;
    arb_kernel_set_at(0)->cast_f16_f32((const uint16_t *)row + i, &value, 1);
    return value;
}

/* Every component of a decoded row is within the documented bound of the stored one. */
static void check_sq8_row(const arb_index *index, const column *made, int64_t row,
                          const void *stored, uint32_t dim)
{
    float scale;
    float offset;
    memcpy(&scale, (const float *)made->scale->buffers[1] + BEFORE + row, sizeof scale);
    memcpy(&offset, (const float *)made->offset->buffers[1] + BEFORE + row, sizeof offset);
    const uint8_t *codes = (const uint8_t *)made->values->buffers[1] + (BEFORE + row) * dim;
    double largest = 0;
    for (uint32_t i = 0; i < dim; i++) {
        largest = fmax(largest, fabs(stored_value(index, stored, i)));
    }
    double allowed = 0.5 * scale * (1 + 0x1p-20) + largest * 0x1.8p-23 + 0x1p-118;
    for (uint32_t i = 0; i < dim; i++) {
        float decoded = offset + scale * (float)codes[i];
        double error = fabs(decoded - stored_value(index, stored, i));
        CHECK(error <= allowed, "row %lld, component %u of %u: %.9g is %.9g off; allowed %.9g",
              (long long)row, i, dim, stored_value(index, stored, i), error, allowed);
    }
}

/* Rows of many kinds: of a range, equal, of subnormals, far from zero. */
static void fill(float *values, uint32_t dim, arb_element element, uint64_t *state)
{
    static const float ranges[ROWS] = {1, 100, 60000, 0, 6e-8f, 0.01f, 1, 2e-5f, 3};
    static const float centers[ROWS] = {0, -7, 0, 5, 0, 1000, 0.3f, 0, -0.5f};
    for (uint32_t i = 0; i < ROWS * dim; i++) {
        float range = ranges[i / dim];
        if (element == ARB_ELEMENT_F32 && i / dim == 4) {
            range = 1e-42f; /* its steps would be subnormal, their inverse infinite */
        }
        values[i] = centers[i / dim] + range * test_random_unit(state);
    }
}

static void read_into(const arb_index *index, const int64_t *ids, column *made, uint64_t *missing)
{
    test_tree tree = test_ids("ids", ids, ROWS);
    CHECK_OK(arb_index_vectors_into(index, &tree.schema, &tree.array, &made->tree.schema,
                                    &made->tree.array, missing));
    CHECK(tree.array.release == NULL, "the ids were not released");
    CHECK(made->tree.array.release != NULL, "the target was released");
    test_free(&tree);
}

static void check_form(const arb_index *index, const int64_t *ids, char format,
                       const uint8_t *stored, uint32_t dim)
{
    column made = make_column(format, dim);
    uint64_t missing = 77;
    read_into(index, ids, &made, &missing);
    CHECK(missing == 0, "%llu missing", (unsigned long long)missing);
    size_t size = test_format_size(format);
    check_outside(made.values, dim, size);
    for (int64_t i = 0; i < ROOM; i++) {
        CHECK(bit(&made.tree.array, i) == (i >= BEFORE && i < BEFORE + ROWS), "row %lld",
              (long long)i);
    }
    size_t row_bytes = dim * arb_element_size((arb_element)test_stats(index).element);
    for (int64_t row = 0; row < ROWS; row++) {
        const uint8_t *source = stored + (size_t)row * row_bytes;
        if (format == 'C') {
            check_outside(made.scale, 1, sizeof(float));
            check_outside(made.offset, 1, sizeof(float));
            check_sq8_row(index, &made, row, source, dim);
            continue;
        }
        for (uint32_t i = 0; i < dim; i++) {
            size_t at = (size_t)(BEFORE + row) * dim + i;
            float found;
            if (format == 'e') {
                uint16_t half = ((const uint16_t *)made.values->buffers[1])[at];
                arb_kernel_set_at(0)->cast_f16_f32(&half, &found, 1);
            } else {
                found = ((const float *)made.values->buffers[1])[at];
            }
            double wanted = stored_value(index, source, i);
            double allowed = format == 'e' ? fabs(wanted) * 0x1p-11 + 0x1p-25 : 0;
            CHECK(fabs(found - wanted) <= allowed, "%c: row %lld, component %u: %.9g for %.9g",
                  format, (long long)row, i, (double)found, wanted);
        }
    }
    test_free(&made.tree);
}

static void test_forms(int32_t set, arb_element element, uint32_t dim)
{
    arb_index_options options = test_options(dim, ARB_METRIC_L2, element);
    options.kernel_set = set;
    arb_index *index = test_index(&options);
    uint64_t state = 1000 * dim + (uint64_t)set;
    float *values = malloc(ROWS * dim * sizeof *values);
    fill(values, dim, element, &state);
    int64_t ids[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        ids[i] = 100 - i;
    }
    test_append(index, ids, values, ROWS, dim);
    test_tree tree = test_ids("ids", ids, ROWS);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_vectors(index, &tree.schema, &tree.array, &schema, &array));
    for (const char *format = "efC"; *format != '\0'; format++) {
        check_form(index, ids, *format, array.children[0]->buffers[1], dim);
    }
    array.release(&array);
    schema.release(&schema);
    test_free(&tree);
    free(values);
    arb_index_close(index);
}

static void test_missing_ids(void)
{
    arb_index_options options = test_options(4, ARB_METRIC_L2, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    const int64_t ids[ROWS] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float values[ROWS * 4];
    for (int i = 0; i < ROWS * 4; i++) {
        values[i] = (float)i;
    }
    test_append(index, ids, values, ROWS, 4);
    CHECK(test_delete(index, ids + 2, 2) == 2, "deleted");
    for (const char *format = "efC"; *format != '\0'; format++) {
        column made = make_column(*format, 4);
        uint64_t missing = 0;
        read_into(index, ids, &made, &missing);
        CHECK(missing == 2, "%llu missing", (unsigned long long)missing);
        size_t bytes = 4 * test_format_size(*format);
        for (int64_t row = 0; row < ROWS; row++) {
            int lives = row != 2 && row != 3;
            CHECK(bit(&made.tree.array, BEFORE + row) == lives, "row %lld", (long long)row);
            static const uint8_t zeros[16];
            const uint8_t *written =
                (const uint8_t *)made.values->buffers[1] + (size_t)(BEFORE + row) * bytes;
            CHECK(lives || memcmp(written, zeros, bytes) == 0, "row %lld: no zeros",
                  (long long)row);
        }
        test_free(&made.tree);
    }
    arb_index_close(index);
}

static void refused(const arb_index *index, column *made, const char *part)
{
    static const int64_t ids[ROWS] = {1};
    test_tree tree = test_ids("ids", ids, ROWS);
    uint64_t missing = 77;
    CHECK_FAILS(arb_index_vectors_into(index, &tree.schema, &tree.array, &made->tree.schema,
                                       &made->tree.array, &missing),
                ARB_INVALID_ARGUMENT, part);
    CHECK(missing == 77 && tree.array.release != NULL, "touched on failure");
    test_free(&tree);
    /* what the tests broke, for release */
    made->tree.array.n_children = made->scale == NULL ? 1 : 3;
    made->tree.schema.n_children = made->tree.array.n_children;
    test_free(&made->tree);
}

static void test_targets_that_lie(void)
{
    arb_index_options options = test_options(4, ARB_METRIC_L2, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    column made = make_column('e', 4);
    made.tree.array.length = ROWS - 1;
    refused(index, &made, "target: length: found 8; allowed 9");
    made = make_column('e', 4);
    made.tree.array.offset = BEFORE + BEHIND + 1;
    refused(index, &made, "target components: found length 56; allowed at least 60");
    made = make_column('e', 5);
    refused(index, &made, "target: dimension: found 5; allowed 4");
    made = make_column('g', 4);
    refused(index, &made, "target components: format: found \"g\"; allowed \"f\"");
    made = make_column('f', 4);
    free((void *)made.tree.array.buffers[0]);
    made.tree.array.buffers[0] = NULL;
    refused(index, &made, "target: validity buffer: found NULL");
    made = make_column('C', 4);
    made.tree.schema.children[0]->name = "offset";
    refused(index, &made, "target: child 0: found \"offset\"; allowed \"scale\"");
    made = make_column('C', 4);
    made.scale->length = BEFORE + ROWS - 1;
    refused(index, &made, "scale: found length 11; allowed at least 12");
    made = make_column('C', 4);
    made.tree.array.n_children = 2;
    made.tree.schema.n_children = 2;
    refused(index, &made, "target: children of the schema: found 2; allowed 3");
    CHECK_FAILS(arb_index_vectors_into(NULL, NULL, NULL, NULL, NULL, NULL), ARB_INVALID_ARGUMENT,
                "index: found NULL");
    CHECK_FAILS(arb_index_vectors_into(index, NULL, NULL, NULL, NULL, NULL), ARB_INVALID_ARGUMENT,
                "missing: found NULL");
    arb_index_close(index);
}

int main(void)
{
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if ((arb_kernel_set_requires(set) & ~arb_cpu_features()) != 0) {
            continue; /* hidden sets encode by the kernels of the set below */
        }
        for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
            test_forms(set, ARB_ELEMENT_F16, dims[i]);
            test_forms(set, ARB_ELEMENT_F32, dims[i]);
        }
    }
    test_missing_ids();
    test_targets_that_lie();
    CHECK(test_arrays_alive == 0, "%lld arrays leaked", (long long)test_arrays_alive);
    return 0;
}
