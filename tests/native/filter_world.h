/* filter_world.h: an index in the middle of its life (rows deleted, replaced, not linked yet) and
 * what searches of it with a filter have to find, by brute force. */
#ifndef ARB_TESTS_FILTER_WORLD_H
#define ARB_TESTS_FILTER_WORLD_H

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

static inline double distance(arb_metric metric, const float *a, const float *b)
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
static inline void draw(uint64_t *seed, int64_t cluster, float *out)
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
static inline world create(uint64_t *seed, arb_metric metric, arb_element element,
                           arb_layout layout)
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

static inline void destroy(world *w)
{
    arb_index_close(w->index);
    free(w->vectors);
}

/* The filter as an Arrow array that begins at bit `offset`. */
static inline test_tree arrow_of(const filter *of, int64_t offset)
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

static inline int returnable(const world *w, const filter *of, int64_t row)
{
    return w->live[row] && row < of->length && of->matches[row];
}

static inline int less_first(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The row that an id's hit is of: the only live one. */
static inline int64_t row_of(const world *w, int64_t id)
{
    for (int64_t row = NUMBERS - 1; row >= 0; row--) {
        if (w->id[row] == id && w->live[row])
            return row;
    }
    return -1;
}

/* Searches for one query, by a subset or NULL; returns how many of the k nearest were found. */
static inline uint32_t check_query(const world *w, const filter *of, const float *query, uint32_t k,
                                   int strategy, const arb_subset *subset, int64_t offset,
                                   uint32_t *wanted)
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
    options.subset = subset;
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

#endif
