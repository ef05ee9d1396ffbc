/* Random damage to ArrowSchema and ArrowArray trees: every import ends with an answer, never with a
 * crash, and what is accepted may be read to its last byte (ASan watches).
 *
 * A consumer cannot know how long a buffer is: the interface does not say. So a leaf's claim about
 * its own buffer (offset + length) is damaged only towards what no buffer can be (negative,
 * overflowing) or within the truth; everything else may lie.
 *
 * arrow_fuzz_test [SEED [SECONDS]] */
#include <inttypes.h>

#include "arrow/arrow_import.h"
#include "arrow_build.h"

#define DIM_MAX 9
#define ROWS_MAX 20
#define NODES 4 /* struct, id, vector, components */

static const int64_t odd_numbers[] = {
    0,
    1,
    2,
    3,
    7,
    8,
    20,
    100,
    -1,
    -2,
    INT64_MIN,
    INT64_MAX,
    INT64_MAX / 2,
    INT64_MAX / 8,
    INT64_MAX / 8 + 1,
    INT64_C(1) << 31,
    INT64_C(1) << 32,
    INT64_C(1) << 61,
};
static const char *const odd_formats[] = {
    "",
    "+s",
    "+l",
    "+w:",
    "+w:3",
    "+w:-1",
    "+w:99999999999999999999",
    "+w:3 ",
    "l",
    "i",
    "e",
    "f",
    "g",
    "c",
    "C",
    "n",
    "u",
    "+w:%s%n",
    "llllllllllllllllllllllllllllllllllllllllllllllllll",
};

typedef struct fuzz_case {
    test_tree tree;
    struct ArrowArray *arrays[NODES];
    struct ArrowSchema *schemas[NODES];
    /* the true structs, to release by when the import is done */
    struct ArrowArray true_arrays[NODES];
    struct ArrowSchema true_schemas[NODES];
    struct ArrowArray *true_children[NODES][2];
    struct ArrowSchema *true_schema_children[NODES][2];
    const void *true_buffers[NODES][2];
    int64_t leaf_capacity[NODES]; /* elements in the value buffer */
    uint32_t dim;
    char type;
} fuzz_case;

static uint64_t state;

static int64_t pick_number(void)
{
    return odd_numbers[test_random_below(&state, sizeof odd_numbers / sizeof odd_numbers[0])];
}

/* A sound tree, sometimes sliced, with values in buffers of exactly their size. */
static void make_case(fuzz_case *c)
{
    static const char types[] = {'e', 'f', 'g', 'c', 'C'};
    c->dim = 1 + (uint32_t)test_random_below(&state, DIM_MAX);
    c->type = types[test_random_below(&state, sizeof types)];
    int64_t rows = (int64_t)test_random_below(&state, ROWS_MAX + 1);
    int64_t ids[ROWS_MAX] = {0};
    uint8_t values[ROWS_MAX * DIM_MAX * 8] = {0};
    c->tree = test_batch(ids, c->type, values, rows, c->dim);
    c->arrays[0] = &c->tree.array;
    c->schemas[0] = &c->tree.schema;
    for (int i = 0; i < 2; i++) {
        c->arrays[1 + i] = c->tree.array.children[i];
        c->schemas[1 + i] = c->tree.schema.children[i];
    }
    c->arrays[3] = c->arrays[2]->children[0];
    c->schemas[3] = c->schemas[2]->children[0];
    for (int i = 0; i < NODES; i++) {
        c->leaf_capacity[i] = c->arrays[i]->length;
        if (test_random_below(&state, 3) == 0) {
            test_all_valid(c->arrays[i]);
        }
        if (test_random_below(&state, 4) == 0) {
            c->arrays[i]->null_count = -1;
        }
        c->true_arrays[i] = *c->arrays[i];
        c->true_schemas[i] = *c->schemas[i];
        for (int64_t j = 0; j < c->arrays[i]->n_children; j++) {
            c->true_children[i][j] = c->arrays[i]->children[j];
            c->true_schema_children[i][j] = c->schemas[i]->children[j];
        }
        for (int64_t j = 0; j < c->arrays[i]->n_buffers; j++) {
            c->true_buffers[i][j] = c->arrays[i]->buffers[j];
        }
    }
}

static void damage_length_or_offset(fuzz_case *c, int node)
{
    struct ArrowArray *array = c->arrays[node];
    int64_t *field = test_random_below(&state, 2) ? &array->length : &array->offset;
    *field = pick_number();
    int64_t end;
    int is_leaf = node == 1 || node == 3;
    int has_bitmap = array->buffers != NULL && array->buffers[0] != NULL;
    if (!is_leaf && !has_bitmap) {
        return;
    }
    /* bring a believable claim back to the truth */
    int64_t capacity = c->leaf_capacity[node];
    if (array->length >= 0 && array->offset >= 0 &&
        !__builtin_add_overflow(array->length, array->offset, &end) && end > capacity) {
        array->offset = (int64_t)test_random_below(&state, (uint64_t)capacity + 1);
        array->length =
            (int64_t)test_random_below(&state, (uint64_t)(capacity - array->offset) + 1);
    }
}

static void release_nothing_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void damage_schema(fuzz_case *c, int node)
{
    struct ArrowSchema *schema = c->schemas[node];
    switch (test_random_below(&state, 6)) {
    case 0:
        schema->format =
            odd_formats[test_random_below(&state, sizeof odd_formats / sizeof odd_formats[0])];
        break;
    case 1:
        schema->format = test_random_below(&state, 2) ? NULL : c->schemas[3]->format;
        break;
    case 2:
        schema->name = test_random_below(&state, 2) ? NULL : "vector";
        break;
    case 3:
        schema->n_children = pick_number();
        break;
    case 4:
        schema->release = NULL;
        break;
    case 5:
        schema->dictionary = &c->tree.schema;
        break;
    }
}

static void damage_array(fuzz_case *c, int node)
{
    struct ArrowArray *array = c->arrays[node];
    switch (test_random_below(&state, 10)) {
    case 0:
    case 1:
    case 2:
        damage_length_or_offset(c, node);
        break;
    case 3:
        array->null_count = pick_number();
        break;
    case 4:
        array->n_buffers = pick_number();
        break;
    case 5:
        array->n_children = pick_number();
        break;
    case 6:
        if (array->buffers != NULL) {
            array->buffers[test_random_below(&state, (uint64_t)c->true_arrays[node].n_buffers)] =
                NULL;
        }
        break;
    case 7:
        array->buffers = NULL;
        break;
    case 8:
        array->release = test_random_below(&state, 2) ? NULL : release_nothing_array;
        break;
    case 9:
        array->dictionary = &c->tree.array;
        break;
    }
}

static void damage_children(fuzz_case *c)
{
    struct ArrowArray *array = c->arrays[test_random_below(&state, 2) ? 0 : 2];
    struct ArrowSchema *schema = c->schemas[array == c->arrays[0] ? 0 : 2];
    uint64_t count = array == c->arrays[0] ? 2 : 1;
    switch (test_random_below(&state, 5)) {
    case 0:
        array->children = NULL;
        break;
    case 1:
        schema->children = NULL;
        break;
    case 2:
        if (array->children != NULL) {
            array->children[test_random_below(&state, count)] = NULL;
        }
        break;
    case 3:
        if (schema->children != NULL) {
            schema->children[test_random_below(&state, count)] = NULL;
        }
        break;
    case 4: /* a column in another's place, children of its own or none */
        if (array->children != NULL && count == 2) {
            array->children[0] = c->true_children[0][1];
        }
        break;
    }
}

static void damage_bitmap(fuzz_case *c, int node)
{
    uint8_t *bits =
        c->arrays[node]->buffers == NULL ? NULL : (uint8_t *)c->arrays[node]->buffers[0];
    if (bits != NULL && c->leaf_capacity[node] > 0) {
        uint64_t bit = test_random_below(&state, (uint64_t)c->leaf_capacity[node]);
        bits[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        c->arrays[node]->null_count = -1;
    }
}

/* Puts the true structs back and releases them. */
static void free_case(fuzz_case *c)
{
    for (int i = 0; i < NODES; i++) {
        *c->arrays[i] = c->true_arrays[i];
        *c->schemas[i] = c->true_schemas[i];
        for (int64_t j = 0; j < c->arrays[i]->n_children; j++) {
            c->arrays[i]->children[j] = c->true_children[i][j];
            c->schemas[i]->children[j] = c->true_schema_children[i][j];
        }
        for (int64_t j = 0; j < c->arrays[i]->n_buffers; j++) {
            c->arrays[i]->buffers[j] = c->true_buffers[i][j];
        }
    }
    test_free(&c->tree);
}

/* Reads every byte of an accepted view. */
static uint64_t read_all(const arb_ids_view *ids, const arb_vectors_view *vectors)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ids->count; i++) {
        sum += (uint64_t)arb_view_id(ids, i);
    }
    size_t bytes = (size_t)vectors->count * vectors->dim * arb_value_size(vectors->type);
    for (size_t i = 0; i < bytes; i++) {
        sum += vectors->values[i];
    }
    return sum;
}

static int run_case(void)
{
    fuzz_case c;
    make_case(&c);
    uint64_t damages = test_random_below(&state, 5);
    for (uint64_t i = 0; i < damages; i++) {
        int node = (int)test_random_below(&state, NODES);
        switch (test_random_below(&state, 8)) {
        case 0:
        case 1:
            damage_schema(&c, node);
            break;
        case 2:
            damage_children(&c);
            break;
        case 3:
            damage_bitmap(&c, node);
            break;
        default:
            damage_array(&c, node);
        }
    }
    arb_ids_view ids;
    arb_vectors_view vectors;
    arb_status status = arb_import_batch(&c.tree.schema, &c.tree.array, c.dim, &ids, &vectors);
    CHECK(status == ARB_OK || (status == ARB_INVALID_ARGUMENT && arb_last_error()[0] != '\0'),
          "status %d: %s", (int)status, arb_last_error());
    CHECK(damages > 0 || status == ARB_OK, "a sound tree is refused: %s", arb_last_error());
    if (status == ARB_OK) {
        CHECK(ids.count == vectors.count && vectors.dim == c.dim, "%u ids, %u vectors", ids.count,
              vectors.count);
        /* a format changed to a wider type lies about the buffer, which nobody can see */
        if (arb_value_size(vectors.type) <= test_format_size(c.type)) {
            volatile uint64_t sum = read_all(&ids, &vectors);
            (void)sum;
        }
    }
    free_case(&c);
    return status == ARB_OK;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261122;
    double seconds = argc > 2 ? atof(argv[2]) : (double)test_repeats(5);
    printf("seed %" PRIu64 "\n", seed);
    double end = test_seconds() + seconds;
    uint64_t cases = 0, accepted = 0;
    while (test_seconds() < end) {
        for (int i = 0; i < 1000; i++) {
            state =
                seed + cases; /* a failing case alone: start with its number added to the seed */
            accepted += (uint64_t)run_case();
            cases++;
        }
    }
    printf("%" PRIu64 " cases, %" PRIu64 " accepted\n", cases, accepted);
    CHECK(accepted > cases / 20, "damage too heavy to reach the last checks");
    CHECK(accepted < cases, "no damage was noticed");
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
