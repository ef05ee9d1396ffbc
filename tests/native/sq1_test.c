/* sq1_test.c: the bound that a row's bits give, where there is one, and what searches find that
 * look at bits first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph_support.h"
#include "testing.h"
#include "vectors/codes.h"

#define DIM 420u
#define ROWS (700u + (uint32_t)test_repeats(2300))
#define CLUSTERS 60u
#define NEAR 20u

static arb_codes *code_world(world *w)
{
    arb_codes *codes = NULL;
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(codes != NULL && codes->sq1 != NULL, "no bits for these rows");
    atomic_store(&w->scorer.codes, codes);
    return codes;
}

static float at_least(const arb_codes *codes, const arb_codes_query *query, uint32_t node)
{
    const uint8_t *code = arb_row(codes->sq1->rows, node);
    const uint8_t *const four[4] = {code, code, code, code};
    float dots[4];
    codes->form.kernels->sq1_dot_x4(query->sq1.code, four, codes->sq1->steps, dots);
    return arb_sq1_at_least(codes->sq1, &query->sq1, code, dots[0]);
}

/* The bound by its definition, in double. */
static double defined_bound(const world *w, const arb_codes *codes, const void *query,
                            uint32_t node)
{
    const arb_row_form *form = &w->scorer.form;
    const float *centre = codes->sq1->centre;
    float q[DIM];
    float o[DIM];
    arb_row_values(form, query, q);
    arb_row_values(form, arb_row(w->rows, node), o);
    double squares = 0;
    double magnitudes = 0;
    double along_signs = 0;
    double query_squares = 0;
    double rest = 0; /* of q.o, which the signs do not estimate */
    for (uint32_t i = 0; i < DIM; i++) {
        double r = (double)o[i] - (double)centre[i];
        double d = (double)q[i] - (double)centre[i];
        squares += r * r;
        magnitudes += fabs(r);
        along_signs += r > 0 ? d : -d;
        query_squares += d * d;
        rest += (double)q[i] * (double)centre[i] + (double)centre[i] * r;
    }
    double f = squares / magnitudes;
    double most = f * along_signs + (double)codes->sq1->slack * f * sqrt(query_squares);
    if (form->metric == ARB_METRIC_L2)
        return query_squares + squares - 2 * most;
    return (form->metric == ARB_METRIC_COSINE ? 1 : 0) - rest - most;
}

static void test_bound(arb_element element, arb_metric metric)
{
    world *w = world_create(DIM, element, metric, ROWS, CLUSTERS, 8, 40);
    arb_codes *codes = code_world(w);
    uint8_t room[1024];
    EXPECT(arb_codes_query_bytes(DIM) <= sizeof room, "%zu", arb_codes_query_bytes(DIM));
    uint32_t kept = 0;
    uint32_t near = 0;
    uint32_t passed = 0;
    uint32_t far = 0;
    for (uint32_t at = 0; at < 40; at++) {
        const void *query = arb_row(w->rows, at * 7);
        arb_codes_query prepared;
        EXPECT(arb_codes_prepare(codes, query, room, &prepared), "a row has a code");
        arb_hit hits[NEAR];
        uint32_t count = 0;
        arb_exact_scan(&w->scorer, w->graph, query, 0, w->count, 0, NULL, NEAR, hits, &count, NULL);
        for (uint32_t i = 1; i < count; i++, near++)
            kept += at_least(codes, &prepared, hits[i].node) <= hits[i].distance;
        for (uint32_t node = at; node < w->count; node += 40, far++)
            passed += at_least(codes, &prepared, node) > hits[NEAR - 1].distance;
        double defined = defined_bound(w, codes, query, at * 7 + 1);
        float bound = at_least(codes, &prepared, at * 7 + 1);
        /* the query is rounded to 254 steps of its largest component */
        EXPECT(fabs(defined - (double)bound) < 0.01 * fabs(defined) + 0.05, "%g, defined as %g",
               (double)bound, defined);
    }
    EXPECT(kept * 100 >= near * 80, "metric %d: %u of %u near rows keep to their bounds",
           (int)metric, kept, near);
    EXPECT(passed * 100 >= far * 50, "metric %d: %u of %u rows are passed over", (int)metric,
           passed, far);
    world_destroy(w);
    arb_codes_destroy(codes);
}

static void test_recall(arb_element element, arb_metric metric)
{
    world *w = world_create(DIM, element, metric, ROWS, CLUSTERS, 12, 80);
    link_rows(w, 0, ROWS, 1);
    double by_rows = measure_recall(w, CLUSTERS, 200, 32, 10);
    world_destroy(w);
    w = world_create(DIM, element, metric, ROWS, CLUSTERS, 12, 80);
    arb_codes *codes = code_world(w);
    link_rows(w, 0, ROWS, 1);
    expect_sound(w);
    double by_bits = measure_recall(w, CLUSTERS, 200, 32, 10);
    EXPECT(by_bits >= by_rows - 0.01, "element %d, metric %d: recall %.4f, %.4f over rows",
           (int)element, (int)metric, by_bits, by_rows);
    world_destroy(w);
    arb_codes_destroy(codes);
}

/* Codes that a file's grid gives are those that the file was written from. */
static void test_grid_is_kept(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 40);
    arb_codes *codes = code_world(w);
    float grid[ARB_GRID_FLOATS(DIM)];
    arb_codes_write_grid(codes, grid);
    arb_codes *opened = NULL;
    EXPECT(arb_codes_open(&w->scorer.form, w->rows, w->count, grid, &opened) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(opened->sq1 != NULL && opened->sq1->slack == codes->sq1->slack, "the slack");
    for (uint32_t node = 0; node < w->count; node++)
        EXPECT(memcmp(arb_row(opened->sq1->rows, node), arb_row(codes->sq1->rows, node),
                      codes->sq1->rows->stride) == 0,
               "row %u", node);
    arb_codes_destroy(opened);
    arb_codes_destroy(codes);
    world_destroy(w);
}

/* Where rows are all about as far from each other, bits tell none to be too far; and where a code
 * is one cache line there is nothing to save. */
static void test_rows_without_bits(void)
{
    world *w = world_create(150, ARB_ELEMENT_F32, ARB_METRIC_L2, ROWS, 1, 8, 40);
    arb_codes *codes = NULL;
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(codes != NULL && codes->sq1 == NULL, "bits of rows without neighborhoods");
    arb_codes_destroy(codes);
    world_destroy(w);
    w = world_create(64, ARB_ELEMENT_F16, ARB_METRIC_L2, ROWS, CLUSTERS, 8, 40);
    EXPECT(arb_codes_create(&w->scorer.form, w->rows, w->count, &codes) == ARB_OK, "%s",
           arb_last_error());
    EXPECT(codes != NULL && codes->sq1 == NULL, "bits beside codes of one cache line");
    arb_codes_destroy(codes);
    world_destroy(w);
}

/* Queries that take turns get the answers that each gets by itself. */
static void test_groups(int with_codes)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 60);
    arb_codes *codes = with_codes ? code_world(w) : NULL;
    link_rows(w, 0, ROWS, 1);
    for (uint32_t node = 0; node < ROWS; node += 3) /* one cluster in three is gone */
        delete_row(w, node);
    arb_searcher *searchers[ARB_GROUP_MAX];
    for (uint32_t i = 0; i < ARB_GROUP_MAX; i++)
        searchers[i] = arb_searcher_acquire(w->graph);
    uint32_t first = 0;
    for (uint32_t round = 0; round < 40; round++) {
        uint32_t count = 1 + round % ARB_GROUP_MAX;
        uint32_t k = round % 7 == 0 ? 200 : 10; /* more than a neighborhood has: some go wide */
        arb_graph_query queries[ARB_GROUP_MAX];
        arb_hit hits[ARB_GROUP_MAX][200];
        for (uint32_t i = 0; i < count; i++)
            queries[i] = (arb_graph_query){arb_row(w->rows, first + i), 1, hits[i], 0};
        arb_graph_options options = {.ef = 20, .k = k, .mask = &w->mask};
        EXPECT(arb_graph_search_group(w->graph, searchers, queries, count, &options, NULL) ==
                   ARB_OK,
               "%s", arb_last_error());
        for (uint32_t i = 0; i < count; i++, first++) {
            arb_hit alone[200];
            uint32_t found = search_graph(w, arb_row(w->rows, first), 20, k, alone);
            EXPECT(found == k && queries[i].count == found, "%u hits, %u alone", queries[i].count,
                   found);
            EXPECT(memcmp(alone, hits[i], found * sizeof *alone) == 0, "query %u of %u differs", i,
                   count);
        }
    }
    for (uint32_t i = 0; i < ARB_GROUP_MAX; i++)
        arb_searcher_release(w->graph, searchers[i]);
    world_destroy(w);
    arb_codes_destroy(codes);
}

int main(void)
{
    for (int element = 0; element < ARB_ELEMENTS; element++) {
        int every = test_is_reduced() ? ARB_METRICS : 1; /* or one of them, in turn */
        for (int metric = every == 1 ? 0 : element; metric < ARB_METRICS; metric += every) {
            test_bound((arb_element)element, (arb_metric)metric);
            test_recall((arb_element)element, (arb_metric)metric);
        }
    }
    test_grid_is_kept();
    test_rows_without_bits();
    test_groups(0);
    test_groups(1);
    return report("sq1_test");
}
