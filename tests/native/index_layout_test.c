/* index_layout_test.c: an index that asks for the fused layout gets it by a freeze and by opening a
 * file, pays for it in bytes, and answers as before while rows come and go. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "index_helpers.h"

#define DIM 128
#define ROWS 2500
#define CLUSTERS 25
#define QUERIES 100
#define K 10

static float values[ROWS * DIM];
static float queries[QUERIES * DIM];
static int64_t ids[ROWS];

static void make_rows(float *rows, int64_t count, uint64_t seed)
{
    uint64_t state = seed;
    for (int64_t row = 0; row < count; row++) {
        uint64_t centre = 77 + (uint64_t)(row % CLUSTERS);
        for (int i = 0; i < DIM; i++) {
            rows[row * DIM + i] = test_random_unit(&centre) + 0.7f * test_random_unit(&state);
        }
    }
}

/* Of what an exact search gives, the part that the graph gives as well; distances are exact. */
static double recall(const arb_index *index)
{
    test_hits exact = test_search(index, queries, QUERIES, DIM, K, 0, 1);
    test_hits found = test_search(index, queries, QUERIES, DIM, K, 64, 0);
    CHECK(exact.count == QUERIES * K && found.count == QUERIES * K, "hits");
    int same = 0;
    for (int64_t i = 0; i < QUERIES * K; i++) {
        for (int64_t j = i / K * K; j < i / K * K + K; j++) {
            same += found.id[i] == exact.id[j];
            CHECK(found.id[i] != exact.id[j] || found.distance[i] == exact.distance[j],
                  "an estimate was returned");
        }
    }
    test_hits_free(&exact);
    test_hits_free(&found);
    return (double)same / (QUERIES * K);
}

/* Codes take half a byte a component of each neighbor, of which a row has several. */
static void expect_fused(const arb_index *index, const char *when)
{
    arb_index_stats stats = test_stats(index);
    CHECK(stats.layout == ARB_LAYOUT_FUSED, "%s: layout %d", when, stats.layout);
    CHECK(stats.overlay_lists == 0, "%s: %" PRIu64 " overlay lists", when, stats.overlay_lists);
    CHECK(stats.graph_bytes > stats.rows * 5 * (DIM / 2), "%s: %" PRIu64 " bytes", when,
          stats.graph_bytes);
}

static void test_life(arb_metric metric, arb_element element, int32_t codes)
{
    arb_index_options options = test_options(DIM, metric, element);
    options.kernel_set = test_widest_set();
    options.layout = ARB_LAYOUT_FUSED;
    options.codes = codes;
    arb_index *index = test_index(&options);
    test_append(index, ids, values, ROWS / 2, DIM);
    test_link_all(index);
    CHECK_OK(arb_index_freeze(index));
    expect_fused(index, "frozen");
    double frozen = recall(index);
    CHECK(frozen >= 0.97, "metric %d: recall %.3f", (int)metric, frozen);
    test_append(index, ids + ROWS / 2, values + ROWS / 2 * DIM, ROWS - ROWS / 2, DIM);
    CHECK(recall(index) >= 0.97, "with rows not linked yet");
    test_link_all(index);
    CHECK(recall(index) >= 0.97, "with rows linked since the freeze");
    CHECK(test_delete(index, ids, ROWS / 3) == ROWS / 3, "deleted");
    CHECK(recall(index) >= 0.97, "with rows deleted");
    test_validate(index);

    char path[] = "/tmp/arbalest-index-layout-XXXXXX";
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0, "mkstemp");
    close(descriptor);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_close(index);
    for (int resident = 0; resident < 2; resident++) {
        arb_index_options open = {.struct_size = sizeof open, .kernel_set = test_widest_set()};
        CHECK_OK(arb_index_open(path, &open, resident, &index));
        expect_fused(index, "opened");
        test_validate(index);
        CHECK(recall(index) >= 0.97, "opened: recall");
        arb_index_close(index);
    }
    unlink(path);
}

int main(void)
{
    make_rows(values, ROWS, 1);
    make_rows(queries, QUERIES, 2);
    for (int64_t i = 0; i < ROWS; i++) {
        ids[i] = i;
    }
    for (int metric = 0; metric < 3; metric++) {
        test_life((arb_metric)metric, ARB_ELEMENT_F16, ARB_CODES_NONE);
        test_life((arb_metric)metric, ARB_ELEMENT_F32, ARB_CODES_SQ8);
    }
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
