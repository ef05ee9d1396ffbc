/* Searches with a filter against brute force: all strategies, metrics and elements, filters of all
 * densities and at all bit offsets, beside deleted rows, replaced ids and rows that are not linked.
 *
 * index_filter_test [SEED] */
#include "filter_world.h"

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
        uint32_t near = check_query(w, of, query, k, strategy, NULL,
                                    (int64_t)test_random_below(seed, 70), &most);
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
    for (int strategy = 0; strategy <= ARB_STRATEGY_SCAN; strategy++) {
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
