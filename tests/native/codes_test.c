/* codes_test.c: what a grid keeps of rows, and what traversal over codes finds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_support.h"
#include "testing.h"
#include "vectors/codes.h"

#define DIM 48u
#define ROWS (700u + (uint32_t)test_repeats(2300))
#define CLUSTERS 30u

static arb_codes *code_world(world *w)
{
    arb_codes *codes = NULL;
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(codes != NULL, "no grid for these rows");
    atomic_store(&w->scorer.codes, codes);
    return codes;
}

static void test_recall(arb_element element, arb_metric metric)
{
    world *w = world_create(DIM, element, metric, ROWS, CLUSTERS, 12, 80);
    link_rows(w, 0, ROWS, 1);
    double by_rows = measure_recall(w, CLUSTERS, 200, 32, 10);
    arb_codes *codes = code_world(w);
    double by_codes = measure_recall(w, CLUSTERS, 200, 32, 10);
    EXPECT(by_codes >= by_rows - 0.005, "element %d, metric %d: recall %.4f by codes, %.4f by rows",
           (int)element, (int)metric, by_codes, by_rows);
    arb_hit hits[10];
    const void *query = arb_row(w->rows, 7);
    EXPECT(search_graph(w, query, 32, 10, hits) == 10, "hits");
    for (uint32_t i = 0; i < 10; i++)
        EXPECT(hits[i].distance == arb_exact_distance(&w->scorer, query, hits[i].node),
               "hit %u: a distance between codes was returned", i);
    world_destroy(w);
    arb_codes_destroy(codes);
}

static void test_build_over_codes(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 12, 80);
    link_rows(w, 0, ROWS, 1);
    double by_rows = measure_recall(w, CLUSTERS, 200, 32, 10);
    world_destroy(w);
    w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 12, 80);
    arb_codes *codes = code_world(w);
    link_rows(w, 0, ROWS, 1);
    expect_sound(w);
    double by_codes = measure_recall(w, CLUSTERS, 200, 32, 10);
    EXPECT(by_codes >= by_rows - 0.005, "recall %.4f built over codes, %.4f over rows", by_codes,
           by_rows);
    world_destroy(w);
    arb_codes_destroy(codes);
}

/* Bytes as components: the grid keeps them to the bit, so codes order as the rows do. */
static void test_whole_numbers_are_kept(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_L2, 500, CLUSTERS, 8, 40);
    uint64_t state = 3;
    float vector[DIM];
    for (uint32_t node = 0; node < w->count; node++) {
        for (uint32_t i = 0; i < DIM; i++)
            vector[i] = (float)(next_random(&state) % 201);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    }
    arb_codes *codes = code_world(w);
    EXPECT(codes->scale == 1 && codes->error == 0, "scale %g, error %g", (double)codes->scale,
           (double)codes->error);
    uint8_t room[128];
    arb_codes_query query;
    EXPECT(arb_codes_query_bytes(DIM) <= sizeof room, "%zu", arb_codes_query_bytes(DIM));
    EXPECT(arb_codes_prepare(codes, arb_row(w->rows, 3), room, &query), "a row is on the grid");
    for (uint32_t node = 0; node < w->count; node++) {
        float exact = arb_exact_distance(&w->scorer, arb_row(w->rows, 3), node);
        float coded = w->scorer.form.kernels->sq8[ARB_METRIC_L2].one(
            query.code, arb_row(codes->rows, node), codes->rows->stride);
        EXPECT(coded == exact, "row %u: %g, not %g", node, (double)coded, (double)exact);
    }
    world_destroy(w);
    arb_codes_destroy(codes);
}

/* A query beyond the grid must not be moved to its edge: the search goes over the rows then. */
static void test_far_query(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_L2, ROWS, CLUSTERS, 12, 80);
    link_rows(w, 0, ROWS, 1);
    arb_codes *codes = code_world(w);
    float far[DIM] = {0};
    far[5] = 50;
    uint8_t room[128];
    arb_codes_query query;
    EXPECT(!arb_codes_prepare(codes, far, room, &query), "a far query was taken");
    arb_hit exact[10];
    arb_hit hits[10];
    uint32_t count = 0;
    arb_search_stats stats = {0};
    arb_exact_scan(&w->scorer, w->graph, far, 0, w->count, 0, NULL, 10, exact, &count, &stats);
    EXPECT(search_graph(w, far, 400, 10, hits) == 10 && count == 10, "hits");
    EXPECT(hits[0].node == exact[0].node, "found %u, nearest is %u", hits[0].node, exact[0].node);
    world_destroy(w);
    arb_codes_destroy(codes);
}

/* Rows with no spread have no grid, and rows of which a few are a thousand times as long as all the
 * others get none either. */
static void test_rows_without_a_grid(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_L2, 300, 3, 8, 40);
    float vector[DIM];
    for (uint32_t i = 0; i < DIM; i++)
        vector[i] = 0.25f;
    for (uint32_t node = 0; node < w->count; node++)
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    arb_codes *codes = NULL;
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK && codes == NULL,
           "a grid of rows that are all the same");
    uint64_t state = 9;
    for (uint32_t node = 0; node < w->count; node++) {
        for (uint32_t i = 0; i < DIM; i++)
            vector[i] = next_uniform(&state) * (node % 20 == 0 ? 1000.0f : 1.0f);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    }
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK && codes == NULL,
           "a grid of rows of which one in twenty is long");
    world_destroy(w);
}

static void test_drift_shows(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_L2, 600, 1, 8, 40);
    uint64_t state = 5;
    float vector[DIM];
    for (uint32_t node = 0; node < w->count; node++) {
        for (uint32_t i = 0; i < DIM; i++)
            vector[i] = next_uniform(&state) + (node < 200 ? 0.0f : 3.0f);
        store_vector(w, vector, arb_row_for_write(w->rows, node));
    }
    arb_codes *codes = NULL;
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, 200, &codes) == ARB_OK && codes != NULL,
           "no grid");
    float at_first = arb_codes_measure(codes, 200);
    EXPECT(at_first <= 1.5f * codes->error, "%g, not %g", (double)at_first, (double)codes->error);
    EXPECT(arb_codes_append(codes, 200, 400) == ARB_OK, "%s", arb_last_error());
    EXPECT(arb_codes_measure(codes, 600) > 100 * codes->error, "drift does not show");
    arb_codes_destroy(codes);
    world_destroy(w);
}

int main(void)
{
    for (int element = 0; element < ARB_ELEMENTS; element++) {
        int every = test_is_reduced() ? ARB_METRICS : 1; /* or one of them, in turn */
        for (int metric = every == 1 ? 0 : element; metric < ARB_METRICS; metric += every)
            test_recall((arb_element)element, (arb_metric)metric);
    }
    test_build_over_codes();
    test_whole_numbers_are_kept();
    test_far_query();
    test_rows_without_a_grid();
    test_drift_shows();
    return report("codes_test");
}
