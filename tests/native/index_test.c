/* The ABI of an index by one thread: argument checks, appends of every type, upserts, deletes,
 * links, searches against brute force in double, on every kernel set that this CPU executes. */
#include <inttypes.h>
#include <math.h>

#include "index_helpers.h"

#define DIM 24

static double exact_distance(const float *query, const float *row, uint32_t dim, arb_metric metric)
{
    double squares = 0, dot = 0, qq = 0, rr = 0;
    for (uint32_t i = 0; i < dim; i++) {
        double q = query[i], r = row[i];
        squares += (q - r) * (q - r);
        dot += q * r;
        qq += q * q;
        rr += r * r;
    }
    switch (metric) {
    case ARB_METRIC_L2:
        return squares;
    case ARB_METRIC_COSINE:
        return 1 - dot / sqrt(qq * rr);
    case ARB_METRIC_DOT:
        return -dot;
    }
    return NAN;
}

/* ---- which sets run here ---- */

static void try_kernel_set(void *context)
{
    arb_index_options options = test_options(64, ARB_METRIC_L2, ARB_ELEMENT_F16);
    options.kernel_set = *(int32_t *)context;
    options.trust_kernel_set = 1;
    arb_index *index = test_index(&options);
    uint64_t seed = 1;
    float *values = test_random_vectors(&seed, 20, 64);
    int64_t ids[20];
    for (int i = 0; i < 20; i++) {
        ids[i] = i;
    }
    test_append(index, ids, values, 20, 64);
    test_link_all(index);
    test_hits hits = test_search(index, values, 1, 64, 5, 20, 0);
    test_hits_free(&hits);
    free(values);
    arb_index_close(index);
}

static int runs_here(int32_t set)
{
    return test_survives(try_kernel_set, &set);
}

/* ---- options ---- */

static void test_create_checks(void)
{
    static const struct {
        const char *field;
        int64_t value;
        const char *message;
    } bad[] = {
        {"struct_size", 4, "options.struct_size: found 4"},
        {"dim", 0, "options.dim: found 0; allowed 1..8192"},
        {"dim", 8193, "options.dim: found 8193; allowed 1..8192"},
        {"metric", 3, "options.metric: found 3; allowed 0..2"},
        {"metric", -1, "options.metric: found -1; allowed 0..2"},
        {"element", 2, "options.element: found 2; allowed 0..1"},
        {"M", 1, "options.M: found 1; allowed 2..128"},
        {"M", 129, "options.M: found 129; allowed 2..128"},
        {"ef_construction", 0, "options.ef_construction: found 0; allowed 1..65536"},
        {"ef_construction", 65537, "options.ef_construction: found 65537; allowed 1..65536"},
        {"kernel_set", -1, "options.kernel_set: found -1"},
        {"kernel_set", 1000, "options.kernel_set: found 1000"},
        {"trust_kernel_set", 2, "options.trust_kernel_set: found 2; allowed 0..1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
        const char *field = bad[i].field;
        uint32_t value = (uint32_t)bad[i].value;
        if (strcmp(field, "struct_size") == 0) {
            options.struct_size = value;
        } else if (strcmp(field, "dim") == 0) {
            options.dim = value;
        } else if (strcmp(field, "metric") == 0) {
            options.metric = (int32_t)value;
        } else if (strcmp(field, "element") == 0) {
            options.element = (int32_t)value;
        } else if (strcmp(field, "M") == 0) {
            options.M = value;
        } else if (strcmp(field, "ef_construction") == 0) {
            options.ef_construction = value;
        } else if (strcmp(field, "kernel_set") == 0) {
            options.kernel_set = (int32_t)value;
        } else {
            options.trust_kernel_set = (int32_t)value;
        }
        arb_index *index = (arb_index *)&options;
        CHECK_FAILS(arb_index_create(&options, &index), ARB_INVALID_ARGUMENT, bad[i].message);
        CHECK(index == (arb_index *)&options, "%s: the output changed", bad[i].message);
    }
    arb_index *index;
    CHECK_FAILS(arb_index_create(NULL, &index), ARB_INVALID_ARGUMENT, "options: found NULL");
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    CHECK_FAILS(arb_index_create(&options, NULL), ARB_INVALID_ARGUMENT, "out: found NULL");
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        options.kernel_set = set;
        if (arb_kernel_set_requires(set) & ~arb_cpu_features()) {
            CHECK_FAILS(arb_index_create(&options, &index), ARB_UNSUPPORTED,
                        arb_kernel_set_name(set));
        }
    }
    arb_index_close(NULL);
}

/* ---- searches against brute force ---- */

/* `row_of` is the row of each id (ids are 1000 + row); deleted rows are NULL. */
static void check_search(const arb_index *index, const float *const *rows, int64_t count,
                         const float *query, arb_metric metric, uint32_t k, int exact)
{
    test_hits hits = test_search(index, query, 1, DIM, k, 400, exact);
    int64_t live = 0;
    for (int64_t i = 0; i < count; i++) {
        live += rows[i] != NULL;
    }
    CHECK(hits.count == (live < k ? live : k), "%" PRId64 " hits of k = %u, live %" PRId64,
          hits.count, k, live);
    double farthest = 0;
    for (int64_t i = 0; i < hits.count; i++) {
        int64_t row = hits.id[i] - 1000;
        CHECK(row >= 0 && row < count && rows[row] != NULL, "id %" PRId64 " does not live",
              hits.id[i]);
        double truth = exact_distance(query, rows[row], DIM, metric);
        CHECK(fabs(hits.distance[i] - truth) < 2e-2, "id %" PRId64 ": %g, truth %g", hits.id[i],
              (double)hits.distance[i], truth);
        CHECK(i == 0 || hits.distance[i] >= hits.distance[i - 1], "hit %" PRId64 " out of order",
              i);
        CHECK(hits.query[i] == 0, "query %u", hits.query[i]);
        farthest = truth > farthest || i == 0 ? truth : farthest;
    }
    int64_t nearer = 0;
    for (int64_t i = 0; i < count; i++) {
        nearer += rows[i] != NULL && exact_distance(query, rows[i], DIM, metric) < farthest - 2e-2;
    }
    CHECK(nearer <= hits.count, "%" PRId64 " rows are nearer than the last of %" PRId64 " hits",
          nearer, hits.count);
    test_hits_free(&hits);
}

static void test_searches(int32_t set, arb_metric metric, arb_element element)
{
    enum { ROWS = 300 };
    arb_index_options options = test_options(DIM, metric, element);
    options.kernel_set = set;
    options.trust_kernel_set = 1;
    arb_index *index = test_index(&options);
    uint64_t seed = 7;
    float *values = test_random_vectors(&seed, ROWS, DIM);
    float *queries = test_random_vectors(&seed, 8, DIM);
    const float *rows[ROWS] = {NULL};
    int64_t ids[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ids[i] = 1000 + i;
        rows[i] = values + i * DIM;
    }
    /* nothing linked; a third linked; all linked; some deleted: the answers are right throughout */
    for (int phase = 0; phase < 4; phase++) {
        uint32_t linked;
        if (phase == 0) {
            CHECK(test_append(index, ids, values, 100, DIM) == 0, "first row");
            CHECK(test_append(index, ids + 100, values + 100 * DIM, 200, DIM) == 100, "first row");
        } else if (phase == 1) {
            CHECK_OK(arb_index_link(index, 100, &linked));
            CHECK(linked == 100, "linked %u", linked);
            CHECK(test_stats(index).pending == 200, "pending");
        } else if (phase == 2) {
            test_link_all(index);
            CHECK(test_stats(index).pending == 0, "pending");
        } else {
            CHECK(test_delete(index, ids + 10, 50) == 50, "deleted");
            CHECK(test_delete(index, ids, 20) == 10, "deleted before or never there");
            for (int i = 0; i < 60; i++) {
                rows[i] = NULL;
            }
        }
        for (int q = 0; q < 8; q++) {
            for (int exact = 0; exact < 2; exact++) {
                check_search(index, rows, ROWS, queries + q * DIM, metric, 10, exact);
                check_search(index, rows, ROWS, queries + q * DIM, metric, 1000, exact);
            }
        }
    }
    test_validate(index);
    arb_index_stats stats = test_stats(index);
    CHECK(stats.rows == ROWS && stats.live == 240 && stats.deleted == 60, "live %" PRIu64,
          stats.live);
    CHECK(stats.dim == DIM && stats.metric == (int32_t)metric && stats.M == 8, "options");
    arb_index_close(index);
    free(values);
    free(queries);
}

int main(void)
{
    test_create_checks();
    for (int32_t set = 0; set < arb_kernel_set_count(); set++) {
        if (!runs_here(set)) {
            printf("%s: this CPU cannot execute it\n", arb_kernel_set_name(set));
            continue;
        }
        printf("%s\n", arb_kernel_set_name(set));
        for (int metric = 0; metric < 3; metric++) {
            test_searches(set, (arb_metric)metric, ARB_ELEMENT_F16);
            test_searches(set, (arb_metric)metric, ARB_ELEMENT_F32);
        }
    }
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
