/* Every way in which an imported tree can break the C Data Interface's rules or ours is refused
 * with a message that names it, and every legal slice is read right. Under ASan a byte read outside
 * a buffer ends the test. */
#include <inttypes.h>

#include "arrow/arrow_export.h"
#include "arrow/arrow_import.h"
#include "arrow_build.h"

#define DIM 3
#define ROWS 5

/* A sanitizer's allocator is to answer NULL as the system's does: one test asks for too much. The
 * sanitizers look these names up, so they must be visible. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static const int64_t ids_in[ROWS] = {10, 11, 12, 13, 14};
static const float values_in[ROWS * DIM] = {0,  1,  2,  10, 11, 12, 20, 21,
                                            22, 30, 31, 32, 40, 41, 42};

static test_tree good_batch(void)
{
    return test_batch(ids_in, 'f', values_in, ROWS, DIM);
}

static struct ArrowArray *ids_of(test_tree *tree)
{
    return tree->array.children[0];
}

static struct ArrowArray *list_of(test_tree *tree)
{
    return tree->array.children[1];
}

static struct ArrowArray *values_of(test_tree *tree)
{
    return list_of(tree)->children[0];
}

static void set_format(struct ArrowSchema *schema, const char *format)
{
    free((void *)schema->format);
    schema->format = format == NULL ? NULL : test_copy(format, strlen(format) + 1);
}

static void drop_buffer(struct ArrowArray *array, int i)
{
    free((void *)array->buffers[i]);
    array->buffers[i] = NULL;
}

/* ---- the table of bad trees: what is broken, and what the message must say ---- */

static void not_a_struct(test_tree *t)
{
    set_format(&t->schema, "+l");
}
static void no_format(test_tree *t)
{
    set_format(&t->schema, NULL);
}
static void empty_format(test_tree *t)
{
    set_format(&t->schema, "");
}
static void id_is_int32(test_tree *t)
{
    set_format(t->schema.children[0], "i");
}
static void vector_is_list(test_tree *t)
{
    set_format(t->schema.children[1], "+l");
}
static void wrong_dim(test_tree *t)
{
    set_format(t->schema.children[1], "+w:4");
}
static void dim_with_tail(test_tree *t)
{
    set_format(t->schema.children[1], "+w:3x");
}
static void dim_negative(test_tree *t)
{
    set_format(t->schema.children[1], "+w:-3");
}
static void components_int16(test_tree *t)
{
    set_format(t->schema.children[1]->children[0], "s");
}
static void components_long_format(test_tree *t)
{
    set_format(t->schema.children[1]->children[0], "ff");
}
static void length_negative(test_tree *t)
{
    t->array.length = -1;
}
static void offset_negative(test_tree *t)
{
    t->array.offset = -1;
}
static void offset_overflows(test_tree *t)
{
    t->array.offset = INT64_MAX;
}
static void too_many_rows(test_tree *t)
{
    t->array.length = (int64_t)ARB_NODES_MAX + 1;
}
static void parent_longer(test_tree *t)
{
    t->array.length = ROWS + 1;
}
static void parent_slice_longer(test_tree *t)
{
    t->array.offset = 1;
}
static void ids_shorter(test_tree *t)
{
    ids_of(t)->length = ROWS - 1;
}
static void ids_negative(test_tree *t)
{
    ids_of(t)->length = INT64_MIN;
}
static void ids_overflow(test_tree *t)
{
    ids_of(t)->offset = INT64_MAX / 8;
}
static void list_shorter(test_tree *t)
{
    list_of(t)->length = ROWS - 1;
}
static void list_offset_lies(test_tree *t)
{
    list_of(t)->offset = 1;
}
static void list_offset_overflows(test_tree *t)
{
    list_of(t)->offset = INT64_MAX / 2;
}
static void values_shorter(test_tree *t)
{
    values_of(t)->length = ROWS * DIM - 1;
}
static void values_offset_overflows(test_tree *t)
{
    values_of(t)->offset = INT64_MAX / 4;
}
static void values_length_negative(test_tree *t)
{
    values_of(t)->length = -5;
}
static void null_count_below(test_tree *t)
{
    values_of(t)->null_count = -2;
}
static void null_count_above(test_tree *t)
{
    ids_of(t)->null_count = ROWS + 1;
}
static void nulls_without_bitmap(test_tree *t)
{
    ids_of(t)->null_count = 1;
}
static void struct_buffers(test_tree *t)
{
    t->array.n_buffers = 0;
}
static void list_buffers(test_tree *t)
{
    list_of(t)->n_buffers = 2;
}
static void values_buffers(test_tree *t)
{
    values_of(t)->n_buffers = 1;
}
static void no_id_values(test_tree *t)
{
    drop_buffer(ids_of(t), 1);
}
static void no_vector_values(test_tree *t)
{
    drop_buffer(values_of(t), 1);
}
static void released_batch(test_tree *t)
{
    t->array.release(&t->array);
}
static void released_schema(test_tree *t)
{
    t->schema.release(&t->schema);
}
static void released_ids(test_tree *t)
{
    ids_of(t)->release(ids_of(t));
}
static void released_values(test_tree *t)
{
    values_of(t)->release(values_of(t));
}
static void id_misnamed(test_tree *t)
{
    t->schema.children[0]->name = "key";
}
static void vector_unnamed(test_tree *t)
{
    t->schema.children[1]->name = NULL;
}

static void null_row(test_tree *t)
{
    t->array.null_count = 1;
    test_all_valid(&t->array)[0] &= (uint8_t) ~(1 << 2);
}

static void null_id(test_tree *t)
{
    ids_of(t)->null_count = -1;
    test_all_valid(ids_of(t))[0] &= (uint8_t) ~(1 << 4);
}

static void null_vector(test_tree *t)
{
    list_of(t)->null_count = 1;
    test_all_valid(list_of(t))[0] &= (uint8_t) ~(1 << 1);
}

static void null_component(test_tree *t)
{
    values_of(t)->null_count = -1;
    test_all_valid(values_of(t))[1] &= (uint8_t) ~(1 << 2); /* bit 10: row 3, component 1 */
}

static const struct {
    const char *name;
    void (*breaks)(test_tree *tree);
    const char *message;
} bad_trees[] = {
    {"not a struct", not_a_struct, "batch: format: found \"+l\"; allowed \"+s\""},
    {"no format", no_format, "batch: format: found NULL"},
    {"empty format", empty_format, "batch: format: found \"\""},
    {"id is int32", id_is_int32, "id: format: found \"i\"; allowed \"l\""},
    {"vector is a list", vector_is_list, "vector: format: found \"+l\"; allowed \"+w:3\""},
    {"wrong dimension", wrong_dim, "vector: dimension: found 4; allowed 3"},
    {"dimension with a tail", dim_with_tail, "vector: dimension: found 3x; allowed 3"},
    {"dimension negative", dim_negative, "vector: dimension: found -3; allowed 3"},
    {"components int16", components_int16, "vector: component format: found \"s\""},
    {"components ff", components_long_format, "vector: component format: found \"ff\""},
    {"length negative", length_negative, "batch: found length -1 at offset 0"},
    {"offset negative", offset_negative, "batch: found length 5 at offset -1"},
    {"offset overflows", offset_overflows, "at offset 9223372036854775807"},
    {"too many rows", too_many_rows, "batch: found 2147483648 rows; allowed 0..2147483647"},
    {"parent longer than its columns", parent_longer, "id: found length 5; allowed at least 6"},
    {"slice longer than its columns", parent_slice_longer,
     "id: found length 5; allowed at least 6"},
    {"ids shorter", ids_shorter, "id: found length 4; allowed at least 5"},
    {"ids negative", ids_negative, "id: found length -9223372036854775808"},
    {"ids overflow", ids_overflow, "id: found length 5 at offset 1152921504606846975"},
    {"list shorter", list_shorter, "vector: found length 4; allowed at least 5"},
    {"list offset lies", list_offset_lies,
     "vector components: found length 15; allowed at least 18"},
    {"list offset overflows", list_offset_overflows, "leaves in an int64"},
    {"values shorter", values_shorter, "vector components: found length 14; allowed at least 15"},
    {"values offset overflows", values_offset_overflows, "allowed what an address space holds"},
    {"values length negative", values_length_negative, "vector components: found length -5"},
    {"null count below -1", null_count_below, "vector components: null_count: found -2"},
    {"null count above length", null_count_above, "id: null_count: found 6; allowed -1..5"},
    {"nulls without a bitmap", nulls_without_bitmap, "id: found null_count 1 without a validity"},
    {"struct without buffers", struct_buffers, "batch: buffers: found 0; allowed 1"},
    {"list with values", list_buffers, "vector: buffers: found 2; allowed 1"},
    {"leaf without values", values_buffers, "vector components: buffers: found 1; allowed 2"},
    {"no id values", no_id_values, "id: value buffer: found NULL"},
    {"no vector values", no_vector_values, "vector components: value buffer: found NULL"},
    {"released batch", released_batch, "batch: found a released ArrowArray"},
    {"released schema", released_schema, "batch: found a released ArrowSchema"},
    {"released ids", released_ids, "id: found a released ArrowArray"},
    {"released components", released_values, "vector components: found a released ArrowArray"},
    {"id misnamed", id_misnamed, "batch: column \"id\" not found"},
    {"vector unnamed", vector_unnamed, "batch: column \"vector\" not found"},
    {"null row", null_row, "batch: row 2: found null"},
    {"null id", null_id, "id: row 4: found null"},
    {"null vector", null_vector, "vector: row 1: found null"},
    {"null component", null_component, "vector: row 3, component 1: found null"},
};

static void test_bad_trees(void)
{
    for (size_t i = 0; i < sizeof bad_trees / sizeof bad_trees[0]; i++) {
        test_tree tree = good_batch();
        struct ArrowArray before = tree.array;
        bad_trees[i].breaks(&tree);
        arb_ids_view ids = {.count = 77};
        arb_vectors_view vectors = {.count = 77};
        arb_status status = arb_import_batch(&tree.schema, &tree.array, DIM, &ids, &vectors);
        CHECK(status == ARB_INVALID_ARGUMENT, "%s: status %d", bad_trees[i].name, (int)status);
        CHECK(strstr(arb_last_error(), bad_trees[i].message) != NULL, "%s: message \"%s\"",
              bad_trees[i].name, arb_last_error());
        CHECK(ids.count == 77 && vectors.count == 77, "%s: outputs changed", bad_trees[i].name);
        /* undo what would confuse the release callbacks */
        if (tree.array.release != NULL) {
            tree.array.n_buffers = before.n_buffers;
            list_of(&tree)->n_buffers = 1;
            if (values_of(&tree)->release != NULL) {
                values_of(&tree)->n_buffers = 2;
            }
        }
        test_free(&tree);
    }
}

/* Structural lies about children, which need more undoing than the table's. */
static void test_bad_children(void)
{
    test_tree tree = good_batch();
    arb_ids_view ids;
    arb_vectors_view vectors;
    struct ArrowArray **children = tree.array.children;
    struct ArrowArray *list = children[1];
    struct ArrowSchema **schemas = tree.schema.children;
    const void **buffers = tree.array.buffers;
#define IMPORT arb_import_batch(&tree.schema, &tree.array, DIM, &ids, &vectors)
    tree.array.n_children = 1;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "children of the array: found 1; allowed 2");
    tree.array.n_children = 2;
    tree.schema.n_children = 3;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "children of the schema: found 3; allowed 2");
    tree.schema.n_children = -1;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "children of the schema: found -1; allowed 2");
    tree.schema.n_children = 2;
    tree.array.children = NULL;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "batch: children: found NULL");
    tree.array.children = children;
    children[1] = NULL;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "batch: child 1: found NULL");
    children[1] = list;
    tree.schema.children = NULL;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "batch: children: found NULL");
    tree.schema.children = schemas;
    tree.array.buffers = NULL;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "batch: buffers: found NULL");
    tree.array.buffers = buffers;
    list->dictionary = &tree.array;
    CHECK_FAILS(IMPORT, ARB_INVALID_ARGUMENT, "vector: found a dictionary");
    list->dictionary = NULL;
    CHECK_FAILS(arb_import_batch(NULL, &tree.array, DIM, &ids, &vectors), ARB_INVALID_ARGUMENT,
                "batch: found a NULL ArrowSchema");
    CHECK_FAILS(arb_import_batch(&tree.schema, NULL, DIM, &ids, &vectors), ARB_INVALID_ARGUMENT,
                "batch: found a NULL ArrowArray");
    CHECK_OK(IMPORT);
#undef IMPORT
    test_free(&tree);
}

/* Offsets at every level add up: row i of the batch is element 1 + i of the columns. */
static void test_slices(void)
{
    int64_t ids_long[ROWS + 2] = {-1, -1, 10, 11, 12, 13, 14};
    float values_long[4 + ROWS * DIM];
    for (int i = 0; i < 4; i++) {
        values_long[i] = -1;
    }
    memcpy(values_long + 4, values_in, sizeof values_in);
    test_tree tree = good_batch();
    /* ids: buffer offset 2, and the struct starts at 1 */
    free((void *)ids_of(&tree)->buffers[1]);
    ids_of(&tree)->buffers[1] = test_copy(ids_long, sizeof ids_long);
    ids_of(&tree)->offset = 2;
    /* values: offset 4, then a list offset of 1 (as exported from a sliced list) */
    free((void *)values_of(&tree)->buffers[1]);
    values_of(&tree)->buffers[1] = test_copy(values_long, sizeof values_long);
    values_of(&tree)->offset = 4;
    list_of(&tree)->offset = 1;
    list_of(&tree)->length = ROWS - 1;
    tree.array.offset = 1;
    tree.array.length = ROWS - 2;
    /* nulls outside the slice do not matter, whatever the counts say */
    list_of(&tree)->null_count = 1;
    test_all_valid(list_of(&tree))[0] &= (uint8_t)~1u;
    arb_ids_view ids;
    arb_vectors_view vectors;
    CHECK_OK(arb_import_batch(&tree.schema, &tree.array, DIM, &ids, &vectors));
    CHECK(ids.count == ROWS - 2 && vectors.count == ROWS - 2, "%u rows", ids.count);
    for (uint32_t i = 0; i < ids.count; i++) {
        float row[DIM];
        memcpy(row, arb_view_vector(&vectors, i), sizeof row);
        CHECK(arb_view_id(&ids, i) == 11 + (int64_t)i, "id %" PRId64, arb_view_id(&ids, i));
        CHECK(row[0] == 20 + 10 * (float)i, "row %u starts with %g", i, (double)row[0]);
    }
    test_free(&tree);
}

static void test_empty(void)
{
    test_tree tree = test_batch(NULL, 'f', NULL, 0, DIM);
    drop_buffer(ids_of(&tree), 1); /* a buffer of no bytes may be absent */
    drop_buffer(values_of(&tree), 1);
    arb_ids_view ids;
    arb_vectors_view vectors;
    CHECK_OK(arb_import_batch(&tree.schema, &tree.array, DIM, &ids, &vectors));
    CHECK(ids.count == 0 && vectors.count == 0, "%u rows", ids.count);
    test_free(&tree);
}

static void test_column_order_is_free(void)
{
    test_tree tree = good_batch();
    struct ArrowArray *array = tree.array.children[0];
    struct ArrowSchema *schema = tree.schema.children[0];
    tree.array.children[0] = tree.array.children[1];
    tree.schema.children[0] = tree.schema.children[1];
    tree.array.children[1] = array;
    tree.schema.children[1] = schema;
    arb_ids_view ids;
    arb_vectors_view vectors;
    CHECK_OK(arb_import_batch(&tree.schema, &tree.array, DIM, &ids, &vectors));
    CHECK(arb_view_id(&ids, 4) == 14, "id %" PRId64, arb_view_id(&ids, 4));
    test_free(&tree);
}

/* ---- export ---- */

static void fill_hits(struct ArrowSchema *schema, struct ArrowArray *array)
{
    arb_hits_export hits;
    CHECK_OK(arb_export_hits_begin(4, &hits));
    for (uint32_t i = 0; i < 3; i++) {
        hits.query[i] = i;
        hits.id[i] = 100 + i;
        hits.distance[i] = 0.5f * (float)i;
    }
    arb_export_hits_finish(&hits, 3, schema, array);
}

static void test_hits_export(void)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    fill_hits(&schema, &array);
    CHECK(strcmp(schema.format, "+s") == 0 && schema.metadata == NULL, "%s", schema.format);
    static const char *names[] = {"query", "id", "distance"};
    static const char *formats[] = {"I", "l", "f"};
    for (int i = 0; i < 3; i++) {
        CHECK(strcmp(schema.children[i]->name, names[i]) == 0, "%s", schema.children[i]->name);
        CHECK(strcmp(schema.children[i]->format, formats[i]) == 0, "%s",
              schema.children[i]->format);
        CHECK(array.children[i]->length == 3 && array.children[i]->null_count == 0, "child %d", i);
        CHECK((uintptr_t)array.children[i]->buffers[1] % 64 == 0, "child %d is not aligned", i);
    }
    array.release(&array);
    CHECK(array.release == NULL, "not marked released");
    schema.release(&schema);
    CHECK(schema.release == NULL, "not marked released");
}

/* The specification's "Moving child arrays": a moved child outlives its parent, or goes first. */
static void test_children_move_out(void)
{
    for (int parent_first = 0; parent_first < 2; parent_first++) {
        struct ArrowSchema schema;
        struct ArrowArray array;
        fill_hits(&schema, &array);
        struct ArrowArray ids = *array.children[1];
        array.children[1]->release = NULL;
        struct ArrowSchema name = *schema.children[2];
        schema.children[2]->release = NULL;
        if (parent_first) {
            array.release(&array);
            schema.release(&schema);
        }
        CHECK(((const int64_t *)ids.buffers[1])[2] == 102, "the moved child lost its values");
        CHECK(strcmp(name.name, "distance") == 0, "the moved schema lost its name");
        ids.release(&ids);
        name.release(&name);
        CHECK(ids.release == NULL && name.release == NULL, "not marked released");
        if (!parent_first) {
            array.release(&array);
            schema.release(&schema);
        }
    }
}

static void test_vectors_export(void)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    arb_vectors_export vectors;
    CHECK_OK(arb_export_vectors_begin(9, DIM, ARB_ELEMENT_F16, &vectors));
    memset(vectors.values, 1, 9 * DIM * 2);
    vectors.valid[1] &= (uint8_t)~1u; /* row 8 */
    arb_export_vectors_finish(&vectors, 1, &schema, &array);
    CHECK(strcmp(schema.format, "+w:3") == 0, "%s", schema.format);
    CHECK(strcmp(schema.children[0]->format, "e") == 0, "%s", schema.children[0]->format);
    CHECK(array.length == 9 && array.null_count == 1, "%" PRId64 " rows", array.length);
    CHECK(array.children[0]->length == 27, "%" PRId64 " values", array.children[0]->length);
    /* what we export without its null, we import */
    arb_vectors_view view;
    CHECK_FAILS(arb_import_vectors("back", &schema, &array, DIM, &view), ARB_INVALID_ARGUMENT,
                "back: row 8: found null");
    array.length = 8;
    CHECK_OK(arb_import_vectors("back", &schema, &array, DIM, &view));
    CHECK(view.type == ARB_VALUE_F16 && view.count == 8, "%u rows", view.count);
    array.release(&array);
    schema.release(&schema);
    CHECK_FAILS(arb_export_hits_begin(UINT64_C(1) << 55, &(arb_hits_export){0}),
                ARB_RESOURCE_EXHAUSTED, "no memory");
}

int main(void)
{
    test_bad_trees();
    test_bad_children();
    test_slices();
    test_empty();
    test_column_order_is_free();
    test_hits_export();
    test_children_move_out();
    test_vectors_export();
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
