/* graph_support.h: what the tests of rows and graph share: expectations that count, clustered data
 * with a printed seed, and a world of rows, scorer and graph. */
#ifndef ARB_TESTS_GRAPH_SUPPORT_H
#define ARB_TESTS_GRAPH_SUPPORT_H

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

static _Atomic int expectations;
static _Atomic int failures;

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        atomic_fetch_add(&expectations, 1);                                                        \
        if (!(condition)) {                                                                        \
            atomic_fetch_add(&failures, 1);                                                        \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
        }                                                                                          \
    } while (0)

static inline int report(const char *name)
{
    printf("%s: %d expectations, %d failed\n", name, expectations, failures);
    return failures == 0 ? 0 : 1;
}

/* The widest kernel set that this CPU reports. */
static inline const arb_kernel_set *best_kernels(void)
{
    const arb_kernel_set *best = arb_kernel_set_at(0);
    for (int32_t i = 1; arb_kernel_set_at(i) != NULL; i++) {
        if ((arb_kernel_set_at(i)->requires & ~arb_cpu_facts()) == 0)
            best = arb_kernel_set_at(i);
    }
    return best;
}

/* xorshift64* of Marsaglia and Vigna. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static inline float next_uniform(uint64_t *state)
{
    return (float)(next_random(state) >> 40) * 0x1p-24f - 0.5f;
}

/* Rows, their scorer, a graph and deletion bits. */
typedef struct world {
    arb_rows *rows;
    arb_scorer scorer;
    arb_graph *graph;
    _Atomic uint64_t *deleted;
    arb_mask mask; /* of the deleted */
    uint32_t count;
} world;

/* A vector of cluster `cluster`: its centre is drawn from the cluster's number, the rest from
 * state. */
static inline void clustered_vector(uint32_t cluster, float spread, uint64_t *state, uint32_t dim,
                                    float *out)
{
    uint64_t centre = 0x9e3779b97f4a7c15ull * (cluster + 1);
    for (uint32_t i = 0; i < dim; i++)
        out[i] = next_uniform(&centre) + spread * next_uniform(state);
}

static inline void store_vector(const world *w, const float *vector, void *row)
{
    if (w->scorer.form.element == ARB_ELEMENT_F16)
        w->scorer.form.kernels->cast_f32_f16(vector, row, w->rows->dim);
    else
        memcpy(row, vector, w->rows->dim * sizeof(float));
}

/* `count` rows, row i in cluster i % clusters; the graph is empty. */
static inline world *world_create(uint32_t dim, arb_element element, arb_metric metric,
                                  uint32_t count, uint32_t clusters, uint32_t M,
                                  uint32_t ef_construction)
{
    world *w = calloc(1, sizeof *w);
    EXPECT(arb_rows_create(dim, arb_element_size(element), &w->rows) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(arb_rows_reserve(w->rows, 0, count) == ARB_OK, "%s", arb_last_error());
    w->scorer.rows = w->rows;
    w->scorer.form =
        (arb_row_form){.kernels = best_kernels(), .element = element, .metric = metric, .dim = dim};
    w->count = count;
    w->deleted = calloc(ARB_NODES_MAX / 64 + 1, sizeof *w->deleted);
    w->mask = (arb_mask){.deleted = w->deleted};
    EXPECT(arb_graph_create(&w->scorer, M, ef_construction, 42, &w->graph) == ARB_OK, "%s",
           arb_last_error());
    uint64_t state = 7;
    float *vector = malloc(dim * sizeof *vector);
    for (uint32_t node = 0; node < count; node++) {
        clustered_vector(node % clusters, 0.7f, &state, dim, vector);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    }
    free(vector);
    return w;
}

static inline void world_destroy(world *w)
{
    arb_graph_destroy(w->graph);
    arb_rows_destroy(w->rows);
    free((void *)w->deleted);
    free(w);
}

static inline void delete_row(world *w, uint32_t node)
{
    atomic_fetch_or(&w->deleted[node / 64], 1ull << (node % 64));
}

static inline int is_deleted(const world *w, uint32_t node)
{
    return (int)((atomic_load(&w->deleted[node / 64]) >> (node % 64)) & 1);
}

/* Links rows first, first + step, ... below end. */
static inline void link_rows(world *w, uint32_t first, uint32_t end, uint32_t step)
{
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    for (uint32_t node = first; node < end; node += step)
        EXPECT(arb_graph_insert(w->graph, searcher, node) == ARB_OK, "node %u: %s", node,
               arb_last_error());
    arb_searcher_release(w->graph, searcher);
}

static inline uint32_t search_graph(const world *w, const void *query, uint32_t ef, uint32_t k,
                                    arb_hit *hits)
{
    uint32_t count = 0;
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    EXPECT(arb_graph_search(w->graph, searcher, query, 1, ef, k, &w->mask, hits, &count, NULL) ==
               ARB_OK,
           "%s", arb_last_error());
    arb_searcher_release(w->graph, searcher);
    return count;
}

/* Mean recall@k of `queries` rows of the same clusters that are not in the graph. */
static inline double measure_recall(const world *w, uint32_t clusters, uint32_t queries,
                                    uint32_t ef, uint32_t k)
{
    uint64_t state = 99;
    uint32_t dim = w->rows->dim;
    float *vector = malloc(dim * sizeof *vector);
    void *query = malloc(w->rows->stride);
    arb_hit *found = malloc(k * sizeof *found);
    arb_hit *truth = malloc(k * sizeof *truth);
    uint64_t common = 0;
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < queries; i++) {
        clustered_vector(i % clusters, 0.7f, &state, dim, vector);
        store_vector(w, vector, query);
        uint32_t exact = 0;
        arb_exact_scan(&w->scorer, w->graph, query, 0, w->count, 0, &w->mask, k, truth, &exact,
                       NULL);
        uint32_t count = search_graph(w, query, ef, k, found);
        EXPECT(count == exact, "query %u: %u hits, %u exist", i, count, exact);
        for (uint32_t a = 0; a < exact; a++) {
            for (uint32_t b = 0; b < count; b++)
                common += truth[a].node == found[b].node;
        }
        wanted += exact;
    }
    free(truth);
    free(found);
    free(query);
    free(vector);
    return (double)common / (double)wanted;
}

static inline arb_index_report expect_sound(const world *w)
{
    arb_index_report found = {0};
    EXPECT(arb_graph_validate(w->graph, w->count, &found) == ARB_OK, "%s", arb_last_error());
    EXPECT(found.out_of_bounds == 0, "%llu", (unsigned long long)found.out_of_bounds);
    EXPECT(found.self_links == 0, "%llu", (unsigned long long)found.self_links);
    EXPECT(found.duplicate_links == 0, "%llu", (unsigned long long)found.duplicate_links);
    EXPECT(found.overfull_lists == 0, "%llu", (unsigned long long)found.overfull_lists);
    EXPECT(found.count_mismatches == 0, "%llu", (unsigned long long)found.count_mismatches);
    EXPECT(found.unreachable == 0, "%llu", (unsigned long long)found.unreachable);
    return found;
}

#endif
