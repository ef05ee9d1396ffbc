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
        {"codes", 2, "options.codes: found 2; allowed 0..1"},
        {"layout", -1, "options.layout: found -1; allowed 0..1"},
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
        } else if (strcmp(field, "codes") == 0) {
            options.codes = (int32_t)value;
        } else if (strcmp(field, "layout") == 0) {
            options.layout = (int32_t)value;
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
        for (int q = 0; q < test_repeats(8); q++) {
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

/* ---- one row of each type ---- */

static void test_types(arb_element element)
{
    static const uint16_t halves[DIM] = {0x3c00, 0xc000, 0x3800}; /* 1, -2, 0.5 */
    static const float singles[DIM] = {1, -2, 0.5f};
    static const double doubles[DIM] = {1, -2, 0.5};
    static const int8_t signeds[DIM] = {1, -2, 127, -128};
    static const uint8_t unsigneds[DIM] = {1, 2, 255};
    static const float wanted[5][DIM] = {
        {1, -2, 0.5f}, {1, -2, 0.5f}, {1, -2, 0.5f}, {1, -2, 127, -128}, {1, 2, 255}};
    const void *values[5] = {halves, singles, doubles, signeds, unsigneds};
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, element);
    arb_index *index = test_index(&options);
    for (int64_t i = 0; i < 5; i++) {
        test_tree batch = test_batch(&i, "efgcC"[i], values[i], 1, DIM);
        CHECK_OK(arb_index_append(index, &batch.schema, &batch.array, NULL));
        test_free(&batch);
        /* the query of the same type is at distance 0 from it */
        test_tree query = test_vectors("", "efgcC"[i], values[i], 1, DIM);
        arb_search_options search = test_search_options(5, 0, 0);
        test_hits hits;
        CHECK_OK(arb_index_search(index, &search, &query.schema, &query.array, NULL, NULL,
                                  &hits.schema, &hits.array, NULL));
        CHECK(((const float *)hits.array.children[2]->buffers[1])[0] == 0, "type %" PRId64, i);
        test_hits_free(&hits);
        test_free(&query);
    }
    int64_t ids[6] = {4, 3, 99, 2, 1, 0};
    test_tree tree = test_ids("ids", ids, 6);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_vectors(index, &tree.schema, &tree.array, &schema, &array));
    CHECK(array.length == 6 && array.null_count == 1, "%" PRId64 " nulls", array.null_count);
    CHECK(((const uint8_t *)array.buffers[0])[0] == (0xff & ~4), "validity %02x",
          ((const uint8_t *)array.buffers[0])[0]);
    for (int i = 0; i < 6 && element == ARB_ELEMENT_F32; i++) {
        const float *row = (const float *)array.children[0]->buffers[1] + i * DIM;
        CHECK(ids[i] == 99 || memcmp(row, wanted[ids[i]], sizeof wanted[0]) == 0, "row %d", i);
    }
    if (element == ARB_ELEMENT_F16) { /* id 0 came as halves: it is stored as it came */
        const uint16_t *row = (const uint16_t *)array.children[0]->buffers[1] + 5 * DIM;
        CHECK(memcmp(row, halves, sizeof halves) == 0, "halves changed");
    }
    array.release(&array);
    schema.release(&schema);
    test_free(&tree);
    arb_index_close(index);
}

/* ---- bad rows ---- */

static void test_bad_rows(void)
{
    static const struct {
        arb_metric metric;
        arb_element element;
        double value; /* of row 3, component 17 */
        const char *message;
    } bad[] = {
        {ARB_METRIC_L2, ARB_ELEMENT_F16, NAN, "vector: row 3, component 17: found NaN; allowed"},
        {ARB_METRIC_L2, ARB_ELEMENT_F32, NAN, "vector: row 3, component 17: found NaN; allowed"},
        {ARB_METRIC_DOT, ARB_ELEMENT_F16, INFINITY, "component 17: found infinity; allowed finite"},
        {ARB_METRIC_DOT, ARB_ELEMENT_F32, -INFINITY, "component 17: found -infinity; allowed"},
        {ARB_METRIC_L2, ARB_ELEMENT_F16, 70000,
         "vector: row 3, component 17: found 70000; allowed -65504..65504 for float16"},
        {ARB_METRIC_L2, ARB_ELEMENT_F16, -65505, "found -65505; allowed -65504..65504"},
        {ARB_METRIC_L2, ARB_ELEMENT_F32, 1e39, "found 1e+39; allowed -3.40282347e+38..3.4"},
        {ARB_METRIC_L2, ARB_ELEMENT_F32, 3e19, "vector: row 3: found squared norm inf"},
        {ARB_METRIC_COSINE, ARB_ELEMENT_F16, 0, "vector: row 3: found a zero vector"},
        {ARB_METRIC_COSINE, ARB_ELEMENT_F16, 1e-9, "vector: row 3: found a zero vector"},
        {ARB_METRIC_COSINE, ARB_ELEMENT_F32, 1e-30, "vector: row 3: found a zero vector"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        arb_index_options options = test_options(DIM, bad[i].metric, bad[i].element);
        arb_index *index = test_index(&options);
        double values[5 * DIM] = {0};
        int64_t ids[5] = {0, 1, 2, 3, 4};
        for (int row = 0; row < 5; row++) {
            values[row * DIM] = row == 3 ? 0 : 1;
        }
        values[3 * DIM + 17] = bad[i].value;
        test_tree batch = test_batch(ids, 'g', values, 5, DIM);
        uint64_t first = 77;
        CHECK_FAILS(arb_index_append(index, &batch.schema, &batch.array, &first),
                    ARB_INVALID_ARGUMENT, bad[i].message);
        CHECK(batch.array.release != NULL && first == 77, "case %zu: touched on failure", i);
        CHECK(test_stats(index).rows == 0, "case %zu: rows were appended", i);
        /* the same as a query names the query */
        test_tree query = test_vectors("", 'g', values, 5, DIM);
        arb_search_options search = test_search_options(1, 0, 0);
        struct ArrowSchema schema = {.flags = 77};
        struct ArrowArray array = {.length = 77};
        CHECK_FAILS(arb_index_search(index, &search, &query.schema, &query.array, NULL, NULL,
                                     &schema, &array, NULL),
                    ARB_INVALID_ARGUMENT, "queries: row 3");
        CHECK(query.array.release != NULL && schema.flags == 77 && array.length == 77,
              "case %zu: touched on failure", i);
        /* and the sound row 2 goes in afterwards, at row 0 */
        test_tree sound = test_batch(ids + 2, 'g', values + 2 * DIM, 1, DIM);
        CHECK_OK(arb_index_append(index, &sound.schema, &sound.array, &first));
        CHECK(first == 0, "first row %" PRIu64, first);
        test_free(&sound);
        test_free(&query);
        test_free(&batch);
        arb_index_close(index);
    }
}

static void test_call_checks(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    float query[DIM] = {1};
    test_tree tree = test_vectors("", 'f', query, 1, DIM);
    test_hits hits;
    arb_search_options search = test_search_options(10, 0, 0);
#define SEARCH                                                                                     \
    arb_index_search(index, &search, &tree.schema, &tree.array, NULL, NULL, &hits.schema,          \
                     &hits.array, NULL)
    search.k = 0;
    CHECK_FAILS(SEARCH, ARB_INVALID_ARGUMENT, "options.k: found 0; allowed 1..10000");
    search.k = ARB_K_MAX + 1;
    CHECK_FAILS(SEARCH, ARB_INVALID_ARGUMENT, "options.k: found 10001; allowed 1..10000");
    search = test_search_options(10, ARB_EF_MAX + 1, 0);
    CHECK_FAILS(SEARCH, ARB_INVALID_ARGUMENT, "options.ef: found 65537; allowed 0..65536");
    search = test_search_options(10, 0, ARB_STRATEGIES);
    CHECK_FAILS(SEARCH, ARB_INVALID_ARGUMENT, "options.strategy: found 5; allowed 0..4");
    search.struct_size = 8;
    CHECK_FAILS(SEARCH, ARB_INVALID_ARGUMENT, "options.struct_size: found 8; allowed 32");
#undef SEARCH
    search = test_search_options(10, 0, 0);
    CHECK_FAILS(arb_index_search(index, NULL, &tree.schema, &tree.array, NULL, NULL, &hits.schema,
                                 &hits.array, NULL),
                ARB_INVALID_ARGUMENT, "options: found NULL");
    CHECK_FAILS(arb_index_search(NULL, &search, &tree.schema, &tree.array, NULL, NULL, &hits.schema,
                                 &hits.array, NULL),
                ARB_INVALID_ARGUMENT, "index: found NULL");
    CHECK_FAILS(arb_index_search(index, &search, &tree.schema, &tree.array, NULL, NULL, NULL,
                                 &hits.array, NULL),
                ARB_INVALID_ARGUMENT, "out: found NULL");
    CHECK_FAILS(arb_index_append(NULL, &tree.schema, &tree.array, NULL), ARB_INVALID_ARGUMENT,
                "index: found NULL");
    CHECK_FAILS(arb_index_append(index, &tree.schema, &tree.array, NULL), ARB_INVALID_ARGUMENT,
                "batch: format: found \"+w:24\"");
    CHECK_FAILS(arb_index_delete(index, &tree.schema, &tree.array, NULL), ARB_INVALID_ARGUMENT,
                "ids: format: found \"+w:24\"");
    uint32_t linked;
    CHECK_FAILS(arb_index_link(index, 1, NULL), ARB_INVALID_ARGUMENT, "linked: found NULL");
    CHECK_FAILS(arb_index_link(NULL, 1, &linked), ARB_INVALID_ARGUMENT, "index: found NULL");
    CHECK_FAILS(arb_index_get_stats(index, NULL), ARB_INVALID_ARGUMENT, "out: found NULL");
    CHECK_FAILS(arb_index_validate(NULL, NULL), ARB_INVALID_ARGUMENT, "index: found NULL");
    CHECK_FAILS(arb_index_freeze(NULL), ARB_INVALID_ARGUMENT, "index: found NULL");
    CHECK_FAILS(arb_index_vectors(NULL, &tree.schema, &tree.array, &hits.schema, &hits.array),
                ARB_INVALID_ARGUMENT, "index: found NULL");
    test_free(&tree);
    /* an empty index has no hits, and an empty batch or question is none */
    hits = test_search(index, query, 1, DIM, 10, 0, 0);
    CHECK(hits.count == 0, "%" PRId64 " hits", hits.count);
    test_hits_free(&hits);
    hits = test_search(index, NULL, 0, DIM, 10, 0, 1);
    CHECK(hits.count == 0, "%" PRId64 " hits", hits.count);
    test_hits_free(&hits);
    CHECK(test_append(index, NULL, NULL, 0, DIM) == 0, "first row");
    CHECK(test_delete(index, NULL, 0) == 0, "deleted");
    arb_index_close(index);
}

/* ---- ids ---- */

/* Row i is i * (1, 0, 0, ...): the id at distance d^2 from the origin is known. */
static void append_at(arb_index *index, const int64_t *ids, const float *positions, int64_t count)
{
    float values[8 * DIM] = {0};
    for (int64_t i = 0; i < count; i++) {
        values[i * DIM] = positions[i];
    }
    test_append(index, ids, values, count, DIM);
}

static void expect_ids(const arb_index *index, const int64_t *ids, const float *positions,
                       int64_t count)
{
    float origin[DIM] = {0};
    for (int exact = 0; exact < 2; exact++) {
        test_hits hits = test_search(index, origin, 1, DIM, 100, 0, exact);
        CHECK(hits.count == count, "%" PRId64 " hits, not %" PRId64, hits.count, count);
        for (int64_t i = 0; i < count; i++) {
            CHECK(hits.id[i] == ids[i] && hits.distance[i] == positions[i] * positions[i],
                  "hit %" PRId64 ": id %" PRId64 " at %g", i, hits.id[i], (double)hits.distance[i]);
        }
        test_hits_free(&hits);
    }
}

static void test_upserts(void)
{
    arb_index_options options = test_options(DIM, ARB_METRIC_L2, ARB_ELEMENT_F16);
    arb_index *index = test_index(&options);
    append_at(index, (int64_t[]){7, 8, INT64_MIN}, (float[]){1, 2, 3}, 3);
    expect_ids(index, (int64_t[]){7, 8, INT64_MIN}, (float[]){1, 2, 3}, 3);
    /* an id twice in a batch: the last wins; a known id: the new row wins */
    append_at(index, (int64_t[]){9, 8, 9, -1, 9}, (float[]){4, 5, 6, 7, 8}, 5);
    expect_ids(index, (int64_t[]){7, INT64_MIN, 8, -1, 9}, (float[]){1, 3, 5, 7, 8}, 5);
    test_link_all(index);
    expect_ids(index, (int64_t[]){7, INT64_MIN, 8, -1, 9}, (float[]){1, 3, 5, 7, 8}, 5);
    append_at(index, (int64_t[]){7}, (float[]){9}, 1);
    expect_ids(index, (int64_t[]){INT64_MIN, 8, -1, 9, 7}, (float[]){3, 5, 7, 8, 9}, 5);
    CHECK(test_delete(index, (int64_t[]){8, 8, 12345}, 3) == 1, "deleted");
    expect_ids(index, (int64_t[]){INT64_MIN, -1, 9, 7}, (float[]){3, 7, 8, 9}, 4);
    append_at(index, (int64_t[]){8}, (float[]){2}, 1);
    expect_ids(index, (int64_t[]){8, INT64_MIN, -1, 9, 7}, (float[]){2, 3, 7, 8, 9}, 5);
    arb_index_stats stats = test_stats(index);
    CHECK(stats.rows == 10 && stats.live == 5 && stats.deleted == 5 && stats.pending == 2,
          "rows %" PRIu64 ", live %" PRIu64 ", pending %" PRIu64, stats.rows, stats.live,
          stats.pending);
    /* a row deleted before its turn counts as done and stays out of the graph */
    CHECK(test_delete(index, (int64_t[]){8}, 1) == 1, "deleted");
    test_link_all(index);
    CHECK(test_stats(index).pending == 0, "pending");
    test_validate(index);
    arb_index_close(index);
}

/* The id table grows while ids come and go. */
static void test_many_ids(void)
{
    enum { ROUNDS = 40, BATCH = 500 };
    arb_index_options options = test_options(1, ARB_METRIC_L2, ARB_ELEMENT_F32);
    arb_index *index = test_index(&options);
    uint64_t seed = 99;
    static int64_t ids[ROUNDS * BATCH];
    float values[BATCH];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BATCH; i++) {
            ids[round * BATCH + i] = (int64_t)test_random(&seed);
            values[i] = (float)(round * BATCH + i);
        }
        test_append(index, ids + round * BATCH, values, BATCH, 1);
        if (round % 2 == 1) {
            CHECK(test_delete(index, ids + (round - 1) * BATCH, BATCH) == BATCH, "deleted");
        }
    }
    test_tree tree = test_ids("ids", ids, ROUNDS * BATCH);
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK_OK(arb_index_vectors(index, &tree.schema, &tree.array, &schema, &array));
    CHECK(array.null_count == ROUNDS * BATCH / 2, "%" PRId64 " nulls", array.null_count);
    for (int i = 0; i < ROUNDS * BATCH; i++) {
        int lives = i / BATCH % 2 == 1;
        float value = ((const float *)array.children[0]->buffers[1])[i];
        CHECK(value == (lives ? (float)i : 0), "id %d: %g", i, (double)value);
    }
    array.release(&array);
    schema.release(&schema);
    test_free(&tree);
    arb_index_close(index);
}

/* ---- the range guard ---- */

/* 0..255 integers at 1536-d: FP16 sums would overflow. Neighbors must be right on every set. */
static void test_large_integers(int32_t set)
{
    enum { ROWS = 300, WIDE = 1536, QUERIES = 10 };
    arb_index_options options = test_options(WIDE, ARB_METRIC_L2, ARB_ELEMENT_F16);
    options.kernel_set = set;
    options.trust_kernel_set = 1;
    arb_index *index = test_index(&options);
    uint64_t seed = 3;
    uint8_t *values = malloc(ROWS * WIDE);
    int64_t ids[ROWS];
    for (int i = 0; i < ROWS * WIDE; i++) {
        values[i] = (uint8_t)test_random(&seed);
    }
    for (int i = 0; i < ROWS; i++) {
        ids[i] = i;
    }
    test_tree batch = test_batch(ids, 'C', values, ROWS, WIDE);
    CHECK_OK(arb_index_append(index, &batch.schema, &batch.array, NULL));
    test_free(&batch);
    test_link_all(index);
    arb_index_stats stats = test_stats(index);
    CHECK(!stats.native_arithmetic, "native arithmetic is on for components up to %g",
          (double)stats.abs_max);
    CHECK(stats.abs_max == 255, "abs_max %g", (double)stats.abs_max);
    for (int q = 0; q < QUERIES; q++) {
        uint8_t query[WIDE]; /* near row q * 7 */
        for (int i = 0; i < WIDE; i++) {
            query[i] = values[q * 7 * WIDE + i] ^ (test_random(&seed) % 16 == 0 ? 1 : 0);
        }
        uint64_t best = UINT64_MAX, second = UINT64_MAX;
        int64_t best_id = -1;
        for (int row = 0; row < ROWS; row++) {
            uint64_t sum = 0;
            for (int i = 0; i < WIDE; i++) {
                int64_t d = (int64_t)query[i] - values[row * WIDE + i];
                sum += (uint64_t)(d * d);
            }
            if (sum < best) {
                second = best;
                best = sum;
                best_id = row;
            } else if (sum < second) {
                second = sum;
            }
        }
        test_tree tree = test_vectors("", 'C', query, 1, WIDE);
        arb_search_options search = test_search_options(2, 100, 0);
        struct ArrowSchema schema;
        struct ArrowArray array;
        CHECK_OK(arb_index_search(index, &search, &tree.schema, &tree.array, NULL, NULL, &schema,
                                  &array, NULL));
        const int64_t *found = array.children[1]->buffers[1];
        const float *distances = array.children[2]->buffers[1];
        CHECK(found[0] == best_id && distances[0] == (float)best, "query %d: id %" PRId64 " at %g",
              q, found[0], (double)distances[0]);
        CHECK(fabsf(distances[1] - (float)second) <= (float)second * 1e-5f, "query %d: second %g",
              q, (double)distances[1]);
        array.release(&array);
        schema.release(&schema);
        test_free(&tree);
    }
    free(values);
    arb_index_close(index);
}

/* Rows within the range, and a query far out of it: its traversal must not overflow either. */
static void test_large_query(int32_t set)
{
    enum { ROWS = 400, WIDE = 64 };
    arb_index_options options = test_options(WIDE, ARB_METRIC_L2, ARB_ELEMENT_F16);
    options.kernel_set = set;
    options.trust_kernel_set = 1;
    arb_index *index = test_index(&options);
    uint64_t seed = 5;
    float *values = test_random_vectors(&seed, ROWS, WIDE);
    int64_t ids[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ids[i] = i;
    }
    test_append(index, ids, values, ROWS, WIDE);
    test_link_all(index);
    float query[WIDE];
    for (int i = 0; i < WIDE; i++) {
        query[i] = (i % 2 ? 3000.0f : -3000.0f) * (1 + 0.01f * test_random_unit(&seed));
    }
    test_hits graph = test_search(index, query, 1, WIDE, 10, 200, 0);
    test_hits exact = test_search(index, query, 1, WIDE, 10, 200, 1);
    int same = 0;
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 10; j++) {
            same += graph.id[i] == exact.id[j];
        }
    }
    CHECK(same >= 9, "set %d: %d of 10 neighbors of a far query", set, same);
    test_hits_free(&graph);
    test_hits_free(&exact);
    free(values);
    arb_index_close(index);
}

int main(void)
{
    test_create_checks();
    test_call_checks();
    test_types(ARB_ELEMENT_F16);
    test_types(ARB_ELEMENT_F32);
    test_bad_rows();
    test_upserts();
    test_many_ids();
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
        test_large_integers(set);
        test_large_query(set);
    }
    CHECK(test_arrays_alive == 0, "%" PRId64 " arrays leaked", (int64_t)test_arrays_alive);
    return 0;
}
