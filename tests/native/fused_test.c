/* fused_test.c: a graph frozen with codes beside its lists finds what the same graph finds without,
 * through inserts, deletes and freezes. (Beside one another: graph_concurrency_test.c.) */
#include <math.h>

#include "graph/fused.h"
#include "graph_support.h"
#include "testing.h"

#define ROWS ((uint32_t)test_repeats(3000))
#define CLUSTERS 30u

/* Freezes and tells whether codes lie beside the lists. */
static int freeze_fused(world *w)
{
    arb_graph_stats stats;
    arb_graph_set_fused(w->graph, 1);
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
    EXPECT(arb_graph_get_stats(w->graph, &stats) == ARB_OK, "stats");
    EXPECT(stats.overlay_lists == 0, "%llu", (unsigned long long)stats.overlay_lists);
    return stats.fused;
}

static void test_recall(uint32_t dim, arb_element element, arb_metric metric, uint32_t M)
{
    world *w = world_create(dim, element, metric, ROWS, CLUSTERS, M, 60);
    link_rows(w, 0, ROWS, 1);
    double compact = measure_recall(w, CLUSTERS, 200, 24, 10);
    uint64_t edges = expect_sound(w).edges;
    int fused = freeze_fused(w);
    /* near rows of few dimensions lie too close together for sixteen steps */
    EXPECT(fused || dim < 100, "dim %u, metric %d: not fused", dim, (int)metric);
    /* but for those that gave way to bridges */
    EXPECT(expect_sound(w).edges >= edges - edges / 100, "edges were lost");
    double found = measure_recall(w, CLUSTERS, 200, 24, 10);
    EXPECT(found >= compact - 0.01, "dim %u, element %d, metric %d, M %u: recall %.4f, was %.4f",
           dim, (int)element, (int)metric, M, found, compact);
    arb_hit hits[10];
    const void *query = arb_row(w->rows, 7);
    EXPECT(search_graph(w, query, 32, 10, hits) == 10, "hits");
    for (uint32_t i = 0; i < 10; i++)
        EXPECT(hits[i].distance == arb_exact_distance(&w->scorer, query, hits[i].node),
               "hit %u: an estimate was returned", i);
    world_destroy(w);
}

/* An estimate is in the units of the distance, and near it. */
static void test_estimates(uint32_t dim, arb_element element, arb_metric metric)
{
    world *w = world_create(dim, element, metric, 500, 5, 8, 20);
    arb_sq4_grid *grid = NULL;
    EXPECT(arb_sq4_grid_create(&w->scorer.form, w->rows, 500, &grid) == ARB_OK && grid != NULL,
           "no grid");
    if (grid == NULL)
        return;
    uint8_t code[ARB_DIM_MAX / 2];
    uint8_t query_code[ARB_DIM_MAX];
    _Alignas(64) uint8_t group[4 * ARB_DIM_MAX / 2] = {0};
    const void *query = arb_row(w->rows, 3);
    arb_sq4_query prepared = arb_sq4_query_of(grid, query, query_code);
    double errors = 0;
    double spread = 0;
    for (uint32_t node = 0; node < 500; node++) {
        float bias = arb_sq4_encode(grid, arb_row(w->rows, node), code);
        for (uint32_t piece = 0; piece < 4 * grid->steps; piece++)
            memcpy(group + 16 * piece, code + 4 * piece, 4);
        float sums[4];
        arb_kernel_set_at(0)->sq4_dots(prepared.code, group, grid->steps, 1, sums);
        double estimate =
            (double)prepared.constant + (double)bias + (double)prepared.factor * (double)sums[0];
        double exact = (double)arb_exact_distance(&w->scorer, query, node);
        errors += (estimate - exact) * (estimate - exact) / 500;
        spread += exact * exact / 500;
    }
    EXPECT(sqrt(errors) <= 0.04 * sqrt(spread), "dim %u, metric %d: error %g of %g", dim,
           (int)metric, sqrt(errors), sqrt(spread));
    free(grid);
    world_destroy(w);
}

/* Rows that came after the freeze have no codes beside any list, until the next one. */
static void test_inserts_after_freeze(void)
{
    world *w = world_create(128, ARB_ELEMENT_F16, ARB_METRIC_L2, ROWS, CLUSTERS, 10, 60);
    link_rows(w, 0, ROWS / 2, 1);
    EXPECT(freeze_fused(w), "not fused");
    link_rows(w, ROWS / 2, ROWS, 1);
    for (int round = 0; round < 2; round++) {
        uint32_t lost = 0;
        for (uint32_t node = 0; node < ROWS; node++) {
            arb_hit hit = {0};
            uint32_t count = search_graph(w, arb_row(w->rows, node), 32, 1, &hit);
            lost += count != 1 || hit.node != node;
        }
        EXPECT(lost <= ROWS / 100, "round %d: %u rows do not find themselves", round, lost);
        EXPECT(measure_recall(w, CLUSTERS, 100, 64, 10) >= 0.97, "recall, round %d", round);
        EXPECT(freeze_fused(w), "not fused again");
    }
    world_destroy(w);
}

static void test_deletes(void)
{
    world *w = world_create(128, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 10, 60);
    link_rows(w, 0, ROWS, 1);
    EXPECT(freeze_fused(w), "not fused");
    for (uint32_t node = 0; node < ROWS; node++) {
        if (node % 3 != 0)
            delete_row(w, node);
    }
    EXPECT(measure_recall(w, CLUSTERS, 100, 64, 10) >= 0.95, "recall over deleted rows");
    for (uint32_t node = 0; node < ROWS; node++) {
        if (node % 300 != 0)
            delete_row(w, node);
    }
    arb_hit hits[20];
    for (uint32_t node = 0; node < ROWS; node += 100) {
        uint32_t count = search_graph(w, arb_row(w->rows, node), 16, 20, hits);
        EXPECT(count == ROWS / 300, "%u of %u live rows", count, ROWS / 300);
        for (uint32_t i = 0; i < count; i++)
            EXPECT(!is_deleted(w, hits[i].node), "hit %u is deleted", i);
    }
    world_destroy(w);
}

static void test_small_graphs(void)
{
    for (uint32_t rows = 1; rows <= 12; rows++) {
        world *w = world_create(32, ARB_ELEMENT_F32, ARB_METRIC_DOT, rows, 3, 2, 8);
        EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "an empty graph");
        link_rows(w, 0, rows, 1);
        freeze_fused(w);
        arb_hit hits[12];
        EXPECT(search_graph(w, arb_row(w->rows, 0), 10, rows, hits) == rows, "%u rows", rows);
        world_destroy(w);
    }
}

/* All rows alike have no grid: the freeze leaves bare lists. */
static void test_rows_without_a_grid(void)
{
    world *w = world_create(64, ARB_ELEMENT_F32, ARB_METRIC_L2, 200, 1, 8, 20);
    for (uint32_t node = 1; node < 200; node++)
        memcpy(arb_row_for_write(w->rows, node), arb_row(w->rows, 0), w->rows->stride);
    link_rows(w, 0, 200, 1);
    EXPECT(!freeze_fused(w), "codes for rows that are all the same");
    arb_hit hits[10];
    EXPECT(search_graph(w, arb_row(w->rows, 0), 20, 10, hits) == 10, "hits");
    world_destroy(w);
}

int main(void)
{
    static const uint32_t dims[] = {1, 2, 3, 33, 100, 127, 128, 129, 161, 384};
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        int every = test_is_reduced() ? ARB_METRICS : 1; /* or one of them, in turn */
        for (int metric = every == 1 ? 0 : (int)i % 3; metric < ARB_METRICS; metric += every) {
            arb_element element = (i + (size_t)metric) % 2 ? ARB_ELEMENT_F16 : ARB_ELEMENT_F32;
            uint32_t M = (uint32_t[]){16, 5, 24}[(i + (size_t)metric) % 3];
            test_recall(dims[i], element, (arb_metric)metric, M);
        }
    }
    for (int metric = 0; metric < ARB_METRICS; metric++) {
        test_estimates(128, ARB_ELEMENT_F32, (arb_metric)metric);
        test_estimates(100, ARB_ELEMENT_F16, (arb_metric)metric);
    }
    test_inserts_after_freeze();
    test_deletes();
    test_small_graphs();
    test_rows_without_a_grid();
    return report("fused_test");
}
