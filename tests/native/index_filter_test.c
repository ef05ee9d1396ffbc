/* Searches with a filter against brute force: all strategies, metrics and elements, filters of all
 * densities and at all bit offsets, beside deleted rows, replaced ids and rows that are not linked.
 *
 * index_filter_test [SEED] */
#include <inttypes.h>
#include <math.h>

#include "index_helpers.h"

#define DIM 320 /* codes and bits save cache lines */
#define ROWS 1500
#define LINKED 1200  /* the rest is appended later and stays pending */
#define REPLACED 100 /* ids 0.. of them get a new row, the last of all */
#define NUMBERS (ROWS + REPLACED)
#define K 10
#define LATENT 10
#define EF 64

/* An index and what it should hold, by row number. */
typedef struct world {
    arb_index *index;
    arb_metric metric;
    float *vectors;
    int64_t id[NUMBERS];
    uint8_t live[NUMBERS];
} world;

typedef struct filter {
    uint8_t matches[NUMBERS + 64];
    int64_t length;
} filter;

static double distance(arb_metric metric, const float *a, const float *b)
{
    double dot = 0, squares_a = 0, squares_b = 0, difference = 0;
    for (int i = 0; i < DIM; i++) {
        dot += (double)a[i] * b[i];
        squares_a += (double)a[i] * a[i];
        squares_b += (double)b[i] * b[i];
        difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    }
    switch (metric) {
    case ARB_METRIC_L2:
        return difference;
    case ARB_METRIC_COSINE:
        return 1 - dot / sqrt(squares_a * squares_b);
    default:
        return -dot;
    }
}

/* A vector of a cluster: clusters are 2 apart, within them a vector has LATENT values of its own
 * and some noise. Its components are such as a half holds, so that the truth is that of the index.
 */
static void draw(uint64_t *seed, int64_t cluster, float *out)
{
    float latent[LATENT];
    for (int i = 0; i < LATENT; i++)
        latent[i] = test_random_unit(seed) * 128;
    for (int i = 0; i < DIM; i++) {
        float noise = test_random_unit(seed) * 16;
        out[i] = rintf(latent[i % LATENT] + noise) / 128 + (float)(cluster >> (i % 3) & 1) * 2;
    }
}

/* Rows in eight clusters; some deleted, some replaced, some pending. */
static world create(uint64_t *seed, arb_metric metric, arb_element element, arb_layout layout)
{
    arb_index_options options = test_options(DIM, metric, element);
    options.layout = layout;
    options.codes = ARB_CODES_SQ8;
    options.kernel_set = test_widest_set();
    world w = {.index = test_index(&options), .metric = metric};
    w.vectors = malloc(sizeof(float) * NUMBERS * DIM);
    CHECK(w.vectors != NULL, "no memory for %d rows", NUMBERS);
    for (int64_t row = 0; row < NUMBERS; row++) {
        w.id[row] = row < ROWS ? row : row - ROWS;
        w.live[row] = 1;
        draw(seed, row % 8, w.vectors + row * DIM);
    }
    test_append(w.index, w.id, w.vectors, LINKED, DIM);
    test_link_all(w.index);
    CHECK_OK(arb_index_freeze(w.index));
    CHECK(test_stats(w.index).codes == ARB_CODES_SQ8, "no codes");
    test_append(w.index, w.id + LINKED, w.vectors + LINKED * DIM, NUMBERS - LINKED, DIM);
    for (int64_t row = 0; row < REPLACED; row++)
        w.live[row] = 0;
    for (int64_t row = REPLACED; row < ROWS; row++) {
        if (test_random_below(seed, 5) == 0) {
            CHECK(test_delete(w.index, &w.id[row], 1) == 1, "row %" PRId64, row);
            w.live[row] = 0;
        }
    }
    return w;
}

static void destroy(world *w)
{
    arb_index_close(w->index);
    free(w->vectors);
}

/* The filter as an Arrow array that begins at bit `offset`. */
static test_tree arrow_of(const filter *of, int64_t offset)
{
    test_tree tree = test_node("b", "filter", of->length, 2, 0);
    size_t bytes = (size_t)(offset + of->length + 7) / 8;
    uint8_t *bits = malloc(bytes > 0 ? bytes : 1);
    CHECK(bits != NULL, "no memory for %zu bytes", bytes);
    memset(bits, 0xff, bytes); /* bits around the filter are nobody's business */
    for (int64_t i = 0; i < of->length; i++) {
        if (!of->matches[i])
            bits[(offset + i) / 8] &= (uint8_t) ~(1u << ((offset + i) % 8));
    }
    tree.array.buffers[1] = bits;
    tree.array.offset = offset;
    return tree;
}

static int returnable(const world *w, const filter *of, int64_t row)
{
    return w->live[row] && row < of->length && of->matches[row];
}

static int less_first(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The row that an id's hit is of: the only live one. */
static int64_t row_of(const world *w, int64_t id)
{
    for (int64_t row = NUMBERS - 1; row >= 0; row--) {
        if (w->id[row] == id && w->live[row])
            return row;
    }
    return -1;
}

/* Searches for one query; returns how many of the k nearest were found. */
static uint32_t check_query(const world *w, const filter *of, const float *query, uint32_t k,
                            int strategy, int64_t offset, uint32_t *wanted)
{
    double truth[NUMBERS];
    uint32_t matching = 0;
    for (int64_t row = 0; row < NUMBERS; row++) {
        if (returnable(w, of, row))
            truth[matching++] = distance(w->metric, query, w->vectors + row * DIM);
    }
    qsort(truth, matching, sizeof *truth, less_first);
    *wanted = k < matching ? k : matching;
    test_tree queries = test_vectors("", 'f', query, 1, DIM);
    test_tree bits = arrow_of(of, offset);
    arb_search_options options = test_search_options(k, EF, strategy);
    test_hits hits = {0};
    CHECK_OK(arb_index_search(w->index, &options, &queries.schema, &queries.array, &bits.schema,
                              &bits.array, &hits.schema, &hits.array, &hits.stats));
    CHECK(bits.array.release == NULL && queries.array.release == NULL, "inputs were not released");
    const int64_t *id = hits.array.children[1]->buffers[1];
    const float *found = hits.array.children[2]->buffers[1];
    CHECK(hits.array.length == *wanted, "strategy %d: %" PRId64 " hits of %u that match, k = %u",
          strategy, hits.array.length, matching, k);
    CHECK(hits.stats.fallbacks <= 1, "%" PRIu64 " fallbacks", hits.stats.fallbacks);
    uint32_t near = 0;
    for (uint32_t i = 0; i < *wanted; i++) {
        int64_t row = row_of(w, id[i]);
        CHECK(row >= 0 && returnable(w, of, row), "id %" PRId64 " must not be returned", id[i]);
        double is = distance(w->metric, query, w->vectors + row * DIM);
        CHECK(fabs(is - found[i]) < 1e-4 * (1 + fabs(is)), "id %" PRId64 " at %g, is at %g", id[i],
              (double)found[i], is);
        for (uint32_t j = 0; j < i; j++)
            CHECK(id[j] != id[i], "id %" PRId64 " twice", id[i]);
        near += is <= truth[*wanted - 1] + 1e-4 * (1 + fabs(is));
    }
    test_hits_free(&hits);
    test_free(&queries);
    test_free(&bits);
    return near;
}

/* Hits found of those that there are, over all filters of a strategy. */
typedef struct tally {
    uint32_t found;
    uint32_t wanted;
} tally;

/* Ten queries of each kind of filter, one strategy. */
static void check_filter(const world *w, uint64_t *seed, const filter *of, int strategy,
                         tally *sums)
{
    for (int q = 0; q < (int)test_repeats(10); q++) {
        float query[DIM];
        draw(seed, q % 8, query);
        uint32_t k = q == 3 ? 1000 : q == 4 ? 1 : K;
        uint32_t most;
        uint32_t near =
            check_query(w, of, query, k, strategy, (int64_t)test_random_below(seed, 70), &most);
        CHECK(strategy != ARB_STRATEGY_EXACT || near == most, "exact: %u of %u", near, most);
        sums->found += near;
        sums->wanted += most;
    }
}

static void fill_random(filter *of, uint64_t *seed, uint64_t in_1000)
{
    for (int64_t i = 0; i < of->length; i++)
        of->matches[i] = test_random_below(seed, 1000) < in_1000;
}

static void test_against_brute_force(uint64_t *seed, arb_metric metric, arb_element element,
                                     arb_layout layout)
{
    static const uint64_t in_1000[] = {0, 3, 10, 40, 100, 200, 500, 900, 1000};
    static const int64_t lengths[] = {NUMBERS, NUMBERS + 50, 1000, 640, 63, 0};
    world w = create(seed, metric, element, layout);
    for (int strategy = 0; strategy < ARB_STRATEGIES; strategy++) {
        filter of = {.length = NUMBERS};
        tally sums = {0};
        for (size_t i = 0; i < sizeof in_1000 / sizeof *in_1000; i++) {
            fill_random(&of, seed, in_1000[i]);
            check_filter(&w, seed, &of, strategy, &sums);
        }
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            of.length = lengths[i];
            fill_random(&of, seed, 1000);
            check_filter(&w, seed, &of, strategy, &sums);
        }
        of.length = NUMBERS;
        for (int64_t cluster = 0; cluster < 8; cluster++) { /* near some queries, far from others */
            for (int64_t row = 0; row < NUMBERS; row++)
                of.matches[row] = row % 8 == cluster;
            check_filter(&w, seed, &of, strategy, &sums);
        }
        /* dot products are hard for a graph; a scan is not to miss much of anything */
        uint32_t percent = strategy == ARB_STRATEGY_SCAN ? 97 : 80;
        CHECK(sums.found * 100 >= sums.wanted * percent, "strategy %d: %u of %u found", strategy,
              sums.found, sums.wanted);
    }
    destroy(&w);
}

static void test_filter_checks(uint64_t *seed)
{
    world w = create(seed, ARB_METRIC_L2, ARB_ELEMENT_F16, ARB_LAYOUT_COMPACT);
    test_tree queries = test_vectors("", 'f', w.vectors, 1, DIM);
    filter all = {.length = 20};
    memset(all.matches, 1, sizeof all.matches);
    test_tree bits = arrow_of(&all, 5);
    arb_search_options options = test_search_options(K, EF, ARB_STRATEGY_EXACT);
    struct ArrowSchema schema = {.flags = 77};
    struct ArrowArray array = {.length = 77};
#define SEARCH(FILTER_SCHEMA, FILTER)                                                              \
    arb_index_search(w.index, &options, &queries.schema, &queries.array, FILTER_SCHEMA, FILTER,    \
                     &schema, &array, NULL)
    CHECK_FAILS(SEARCH(NULL, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: found a NULL ArrowSchema");
    CHECK_FAILS(SEARCH(&bits.schema, NULL), ARB_INVALID_ARGUMENT,
                "filter: found a NULL ArrowArray");
    CHECK_FAILS(SEARCH(&queries.schema, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: format: found \"+w:320\"; allowed \"b\" (boolean)");
    bits.array.length = -1;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT, "filter: found length -1");
    bits.array.length = INT64_MAX;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT, "filter: found length 9");
    bits.array.length = (int64_t)ARB_NODES_MAX + 1;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: found 2147483648 rows; allowed 0..2147483647");
    bits.array.length = 20;
    bits.array.offset = -1;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT, "at offset -1");
    bits.array.offset = 5;
    bits.array.n_buffers = 1;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: buffers: found 1; allowed 2");
    bits.array.n_buffers = 2;
    uint8_t *valid = test_all_valid(&bits.array);
    valid[2] = 0xfd; /* bit 17, value 12 */
    bits.array.null_count = 1;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: row 12: found null; allowed values");
    bits.array.null_count = 0;
    const void *values = bits.array.buffers[1];
    bits.array.buffers[1] = NULL;
    CHECK_FAILS(SEARCH(&bits.schema, &bits.array), ARB_INVALID_ARGUMENT,
                "filter: value buffer: found NULL");
    bits.array.buffers[1] = values;
    CHECK(bits.array.release != NULL && queries.array.release != NULL && schema.flags == 77 &&
              array.length == 77,
          "touched on failure");
    CHECK_OK(SEARCH(&bits.schema, &bits.array));
#undef SEARCH
    CHECK(bits.array.release == NULL, "the filter was not released");
    array.release(&array);
    schema.release(&schema);
    test_free(&bits);
    test_free(&queries);
    destroy(&w);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20260811;
    printf("index_filter_test: seed %" PRIu64 "\n", seed);
    int forms = test_is_reduced() ? 1 : ARB_LAYOUTS; /* of elements and of layouts */
    for (int metric = 0; metric < 3; metric++) {
        for (int element = 0; element < forms; element++) {
            for (int layout = 0; layout < forms; layout++) {
                test_against_brute_force(&seed, (arb_metric)metric, (arb_element)element,
                                         (arb_layout)layout);
            }
        }
    }
    test_filter_checks(&seed);
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
