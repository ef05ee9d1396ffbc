/* Exact search of many queries in one call against the same queries one by one: beside deleted
 * rows, replaced ids, rows that are not linked and filters; more queries than a tile takes; bad
 * queries.
 *
 * Components are eighths, so that sums are exact in whatever order: distances must agree to the
 * bit, and many of them tie.
 *
 * index_batch_test [SEED] */
#include <inttypes.h>
#include <math.h>

#include "index_helpers.h"

#define DIM 12
#define ROWS 3000
#define LINKED 2000
#define REPLACED 100 /* ids 0.. of them get a new row */
#define QUERIES 1100 /* a tile takes 1,024 at most */

static float *eighths(uint64_t *seed, int64_t count)
{
    float *values = malloc(sizeof(float) * (size_t)count * DIM);
    CHECK(values != NULL, "no memory for %" PRId64 " vectors", count);
    for (int64_t i = 0; i < count * DIM; i++) {
        values[i] = ((float)test_random_below(seed, 17) - 8) / 8;
    }
    return values;
}

/* Some rows linked, the rest pending; some deleted, some replaced. */
static arb_index *create(uint64_t *seed, arb_metric metric, arb_element element)
{
    arb_index_options options = test_options(DIM, metric, element);
    options.kernel_set = test_widest_set();
    arb_index *index = test_index(&options);
    float *values = eighths(seed, ROWS + REPLACED);
    int64_t ids[ROWS];
    for (int64_t row = 0; row < ROWS; row++) {
        ids[row] = row;
    }
    test_append(index, ids, values, LINKED, DIM);
    test_link_all(index);
    test_append(index, ids + LINKED, values + LINKED * DIM, ROWS - LINKED, DIM);
    test_append(index, ids, values + ROWS * DIM, REPLACED, DIM);
    for (int64_t id = REPLACED; id < ROWS; id += 7) {
        test_delete(index, &id, 1);
    }
    free(values);
    return index;
}

/* Every third row or so, up to a length that is no multiple of anything. */
static test_tree filter_of(uint64_t seed, int64_t length)
{
    test_tree tree = test_node("b", "filter", length, 2, 0);
    uint8_t *bits = calloc((size_t)length / 8 + 1, 1);
    CHECK(bits != NULL, "no memory for %" PRId64 " bits", length);
    for (int64_t row = 0; row < length; row++) {
        bits[row / 8] |= (uint8_t)((test_random_below(&seed, 3) == 0) << (row % 8));
    }
    tree.array.buffers[1] = bits;
    return tree;
}

static test_hits search(const arb_index *index, const float *queries, int64_t count, uint32_t k,
                        int64_t filter_length)
{
    test_tree tree = test_vectors("", 'f', queries, count, DIM);
    test_tree filter = filter_of(77, filter_length);
    arb_search_options options = test_search_options(k, 0, ARB_STRATEGY_EXACT);
    test_hits hits = {0};
    CHECK_OK(arb_index_search(
        index, &options, &tree.schema, &tree.array, filter_length > 0 ? &filter.schema : NULL,
        filter_length > 0 ? &filter.array : NULL, &hits.schema, &hits.array, &hits.stats));
    if (filter_length == 0) {
        filter.array.release(&filter.array);
    }
    test_free(&filter);
    test_free(&tree);
    hits.count = hits.array.length;
    hits.query = hits.array.children[0]->buffers[1];
    hits.id = hits.array.children[1]->buffers[1];
    hits.distance = hits.array.children[2]->buffers[1];
    return hits;
}

static void check_batch(const arb_index *index, const float *queries, int64_t count, uint32_t k,
                        int64_t filter_length)
{
    test_hits all = search(index, queries, count, k, filter_length);
    int64_t at = 0;
    uint64_t scanned = 0;
    for (int64_t query = 0; query < count; query++) {
        test_hits one = search(index, queries + query * DIM, 1, k, filter_length);
        scanned += one.stats.tail_scanned;
        for (int64_t i = 0; i < one.count; i++, at++) {
            CHECK(at < all.count && all.query[at] == query && all.id[at] == one.id[i] &&
                      all.distance[at] == one.distance[i],
                  "k %u, query %" PRId64 " of %" PRId64 ", hit %" PRId64 ": id %" PRId64
                  " at %.9g, alone %" PRId64 " at %.9g",
                  k, query, count, i, at < all.count ? all.id[at] : -1,
                  at < all.count ? (double)all.distance[at] : NAN, one.id[i],
                  (double)one.distance[i]);
        }
        test_hits_free(&one);
    }
    CHECK(at == all.count, "%" PRId64 " hits, alone %" PRId64, all.count, at);
    CHECK(all.stats.tail_scanned == scanned && all.stats.fallbacks == 0,
          "%" PRIu64 " scanned, alone %" PRIu64, all.stats.tail_scanned, scanned);
    test_hits_free(&all);
}

/* One bad query is named by its own number, and nothing is consumed. */
static void check_bad_query(const arb_index *index, const float *queries)
{
    float bad[20 * DIM];
    memcpy(bad, queries, sizeof bad);
    bad[13 * DIM + 2] = NAN;
    test_tree tree = test_vectors("", 'f', bad, 20, DIM);
    arb_search_options options = test_search_options(5, 0, ARB_STRATEGY_EXACT);
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    CHECK_FAILS(arb_index_search(index, &options, &tree.schema, &tree.array, NULL, NULL, &schema,
                                 &array, NULL),
                ARB_INVALID_ARGUMENT, "13");
    CHECK(tree.array.release != NULL && array.release == NULL, "a failure left something behind");
    tree.array.release(&tree.array);
    test_free(&tree);
}

static void check_index(uint64_t *seed, arb_metric metric, arb_element element)
{
    arb_index *index = create(seed, metric, element);
    float *queries = eighths(seed, QUERIES);
    for (int64_t i = 0; i < QUERIES; i++) {
        queries[i * DIM] = 1; /* no zeros, which cosine refuses */
    }
    check_batch(index, queries, test_repeats(QUERIES), 7, 0);
    check_batch(index, queries, test_repeats(QUERIES), 3, 2501);
    check_batch(index, queries, 8, 1, 0);
    check_batch(index, queries, 65, 10, 65);
    check_batch(index, queries, 30, ARB_K_MAX, 0);
    check_batch(index, queries, 9, 2000, 3000);
    check_batch(index, queries, 20, 10, 1);
    check_batch(index, queries, 0, 10, 0);
    check_bad_query(index, queries);
    arb_index_close(index);
    free(queries);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261122;
    printf("seed %" PRIu64 "\n", seed);
    check_index(&seed, ARB_METRIC_L2, ARB_ELEMENT_F16);
    check_index(&seed, ARB_METRIC_DOT, ARB_ELEMENT_F32);
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
