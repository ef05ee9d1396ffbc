/* index_codes_test.c: when an index has codes, and that they change no answer for the worse. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "index_helpers.h"

#define DIM 384
/* Codes of six cache lines, and bits of one. */
#define CODE_BYTES (384 + 64)
#define ROWS 3000
#define CLUSTERS 25

static void make_rows(float *values, int64_t count, float shift, uint64_t seed)
{
    uint64_t state = seed;
    for (int64_t row = 0; row < count; row++) {
        uint64_t centre = 77 + (uint64_t)(row % CLUSTERS);
        for (int i = 0; i < DIM; i++) {
            values[row * DIM + i] =
                test_random_unit(&centre) + 0.2f * test_random_unit(&state) + shift;
        }
    }
}

static void append(arb_index *index, const float *values, int64_t first, int64_t count)
{
    int64_t *ids = malloc((size_t)count * sizeof *ids);
    CHECK(ids != NULL, "no memory");
    for (int64_t i = 0; i < count; i++) {
        ids[i] = first + i;
    }
    test_append(index, ids, values, count, DIM);
    free(ids);
}

/* Of 10 neighbors of 100 queries, the part that an exact search gives as well. */
static double recall(const arb_index *index, const float *queries)
{
    test_hits exact = test_search(index, queries, 100, DIM, 10, 0, 1);
    test_hits found = test_search(index, queries, 100, DIM, 10, 64, 0);
    CHECK(exact.count == 1000 && found.count == 1000, "hits");
    int same = 0;
    for (int64_t i = 0; i < 1000; i++) {
        for (int64_t j = i / 10 * 10; j < i / 10 * 10 + 10; j++) {
            same += found.id[i] == exact.id[j];
        }
    }
    for (int64_t i = 0; i < 1000; i += 10) {
        CHECK(found.id[i] != exact.id[i] || found.distance[i] == exact.distance[i],
              "a distance between codes was returned");
    }
    test_hits_free(&exact);
    test_hits_free(&found);
    return same / 1000.0;
}

static void expect_same_answers(const arb_index *one, const arb_index *other, const float *queries)
{
    test_hits a = test_search(one, queries, 100, DIM, 10, 16, 0);
    test_hits b = test_search(other, queries, 100, DIM, 10, 16, 0);
    for (int64_t i = 0; i < 1000; i++) {
        CHECK(a.id[i] == b.id[i] && a.distance[i] == b.distance[i], "hit %" PRId64 " differs", i);
    }
    test_hits_free(&a);
    test_hits_free(&b);
}

static void expect_codes(const arb_index *index, int32_t codes, const char *when)
{
    arb_index_stats stats = test_stats(index);
    CHECK(stats.codes == codes, "%s: codes %d, not %d", when, stats.codes, codes);
    CHECK(stats.code_bytes == (codes == ARB_CODES_NONE ? 0 : stats.rows * CODE_BYTES),
          "%s: %" PRIu64, when, stats.code_bytes);
}

static void test_life(arb_metric metric, arb_element element)
{
    float *values = malloc(sizeof *values * DIM * ROWS);
    float *queries = malloc(sizeof *queries * DIM * 100);
    CHECK(values != NULL && queries != NULL, "no memory");
    make_rows(values, ROWS, 0.5f, 1);
    make_rows(queries, 100, 0.5f, 2);
    arb_index_options options = test_options(DIM, metric, element);
    options.codes = ARB_CODES_SQ8;
    options.kernel_set = test_widest_set();
    arb_index *index = test_index(&options);
    append(index, values, 0, 500);
    expect_codes(index, ARB_CODES_NONE, "few rows");
    append(index, values + 500 * DIM, 500, ROWS - 500);
    expect_codes(index, ARB_CODES_SQ8, "enough rows");
    test_link_all(index);
    double before = recall(index, queries);
    CHECK(before >= 0.98, "metric %d, element %d: recall %.3f", (int)metric, (int)element, before);
    CHECK_OK(arb_index_freeze(index));
    CHECK(recall(index, queries) >= before - 0.01, "recall fell by the freeze");

    char path[] = "/tmp/arbalest-index-codes-XXXXXX";
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0, "mkstemp");
    close(descriptor);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    for (int resident = 0; resident < 2; resident++) {
        arb_index_options open = {.struct_size = sizeof open, .kernel_set = test_widest_set()};
        arb_index *opened;
        CHECK_OK(arb_index_open(path, &open, resident, &opened));
        expect_codes(opened, ARB_CODES_SQ8, "opened");
        expect_same_answers(opened, index, queries);
        append(opened, queries, ROWS, 100);
        expect_codes(opened, ARB_CODES_SQ8, "grown after it was opened");
        arb_index_close(opened);
    }
    unlink(path);
    arb_index_close(index);
    free(values);
    free(queries);
}

/* Rows that come later lie elsewhere: without a new grid all of them would have the same code. */
static void test_drift(void)
{
    float *values = malloc(sizeof *values * DIM * ROWS);
    float *queries = malloc(sizeof *queries * DIM * 100);
    CHECK(values != NULL && queries != NULL, "no memory");
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F32);
    options.codes = ARB_CODES_SQ8;
    options.kernel_set = test_widest_set();
    arb_index *index = test_index(&options);
    make_rows(values, 1200, 0, 1);
    append(index, values, 0, 1200);
    expect_codes(index, ARB_CODES_SQ8, "at first");
    make_rows(values, ROWS, 40, 3);
    append(index, values, 1200, ROWS);
    test_link_all(index);
    make_rows(queries, 100, 40, 4);
    double found = recall(index, queries);
    CHECK(found >= 0.97, "recall %.3f after the rows moved", found);
    arb_index_close(index);
    free(values);
    free(queries);
}

static void test_where_codes_save_nothing(void)
{
    static float values[2000 * 32];
    static int64_t ids[2000];
    uint64_t state = 8;
    for (int64_t i = 0; i < 2000 * 32; i++) {
        values[i] = test_random_unit(&state);
        ids[i / 32] = i / 32;
    }
    arb_index_options options = test_options(32, ARB_METRIC_L2, ARB_ELEMENT_F16);
    options.codes = ARB_CODES_SQ8;
    options.kernel_set = test_widest_set();
    arb_index *index = test_index(&options);
    test_append(index, ids, values, 2000, 32);
    test_link_all(index);
    CHECK_OK(arb_index_freeze(index));
    expect_codes(index, ARB_CODES_NONE, "32 halves are one cache line");
    arb_index_close(index);
}

int main(void)
{
    for (int metric = 0; metric < 3; metric++) {
        test_life((arb_metric)metric, ARB_ELEMENT_F16);
        test_life((arb_metric)metric, ARB_ELEMENT_F32);
    }
    test_drift();
    test_where_codes_save_nothing();
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
