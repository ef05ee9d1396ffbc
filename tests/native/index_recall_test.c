/* index_recall_test.c: searches that are asked for a recall: they reach it about, go no farther
 * than they must, and say what they go by. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "index/index.h"
#include "index_helpers.h"

#define DIM 24
#define ROWS 6000
#define CLUSTERS 30
#define QUERIES 300
/* Beside the target: a sample of some 700 rows, 300 queries, and a graph that both know. */
#define MARGIN 0.03

static float values[ROWS * DIM];
static float queries[QUERIES * DIM];
static int64_t ids[ROWS];

static void make_rows(float *rows, int64_t count, uint64_t seed)
{
    uint64_t state = seed;
    for (int64_t row = 0; row < count; row++) {
        uint64_t centre = 77 + (uint64_t)(row % CLUSTERS);
        for (int i = 0; i < DIM; i++) {
            rows[row * DIM + i] = test_random_unit(&centre) + 0.9f * test_random_unit(&state);
        }
    }
}

static arb_index *make_index(arb_metric metric, int64_t rows, arb_layout layout)
{
    arb_index_options options = test_options(DIM, metric, ARB_ELEMENT_F32);
    options.kernel_set = test_widest_set();
    options.codes = ARB_CODES_SQ8;
    options.layout = (int32_t)layout;
    options.ef_construction = 40;
    arb_index *index = test_index(&options);
    test_append(index, ids, values, rows, DIM);
    test_link_all(index);
    CHECK_OK(arb_index_freeze(index));
    return index;
}

static test_hits search_for(const arb_index *index, uint32_t k, float target)
{
    test_tree tree = test_vectors("", 'f', queries, QUERIES, DIM);
    arb_search_options options = test_search_options(k, 0, ARB_STRATEGY_GRAPH);
    options.target_recall = target;
    test_hits hits = {0};
    CHECK_OK(arb_index_search(index, &options, &tree.schema, &tree.array, NULL, NULL, &hits.schema,
                              &hits.array, &hits.stats));
    test_free(&tree);
    hits.count = hits.array.length;
    hits.id = hits.array.children[1]->buffers[1];
    return hits;
}

static double recall_of(const test_hits *found, const test_hits *exact, uint32_t k)
{
    CHECK(found->count == exact->count && exact->count == (int64_t)QUERIES * k, "%" PRId64 " hits",
          found->count);
    int64_t same = 0;
    for (int64_t i = 0; i < found->count; i++) {
        for (int64_t j = i / k * k; j < i / k * k + k; j++) {
            same += found->id[i] == exact->id[j];
        }
    }
    return (double)same / (double)exact->count;
}

/* Each target visits at least what a lower one does, and reaches about what it says, or more where
 * the least that a search of k does is enough for more. */
static void test_targets(arb_metric metric, arb_layout layout, uint32_t k)
{
    static const float targets[] = {0.8f, 0.9f, 0.95f, 0.975f, 0.99f, 0.9999f};
    arb_index *index = make_index(metric, ROWS, layout);
    arb_index_stats stats = test_stats(index);
    CHECK(stats.recall_sampled >= ARB_RECALL_SAMPLE_MIN, "%u sampled", stats.recall_sampled);
    test_hits exact = test_search(index, queries, QUERIES, DIM, k, 0, ARB_STRATEGY_EXACT);
    test_hits least = test_search(index, queries, QUERIES, DIM, k, k < 10 ? 10 : k, 0);
    double floor = recall_of(&least, &exact, k);
    uint64_t visited = 0;
    for (size_t t = 0; t < sizeof targets / sizeof targets[0]; t++) {
        test_hits found = search_for(index, k, targets[t]);
        double recall = recall_of(&found, &exact, k);
        double most = floor > targets[t] ? floor : targets[t];
        /* a fused graph goes by a breadth, with some to spare for its coarser codes */
        double over = layout == ARB_LAYOUT_FUSED ? 2 * MARGIN : MARGIN;
        CHECK(recall > (double)targets[t] - MARGIN && recall < most + over,
              "metric %d, layout %d, k %u: recall %.4f for %.4f", metric, layout, k, recall,
              (double)targets[t]);
        CHECK(found.stats.visited >= visited, "%" PRIu64 " visited, fewer than %" PRIu64,
              found.stats.visited, visited);
        visited = found.stats.visited;
        test_hits_free(&found);
    }
    CHECK(visited > least.stats.visited, "the highest target goes no farther than the least");
    test_hits_free(&least);
    test_hits_free(&exact);
    arb_index_close(index);
}

static void expect_same(const arb_index *a, const arb_index *b, float target, uint32_t ef)
{
    test_hits first = search_for(a, 10, target);
    test_hits second = ef == 0 ? search_for(b, 10, target)
                               : test_search(b, queries, QUERIES, DIM, 10, ef, ARB_STRATEGY_GRAPH);
    CHECK(first.count == second.count && first.stats.visited == second.stats.visited &&
              memcmp(first.id, second.id, (size_t)first.count * sizeof *first.id) == 0,
          "target %g: visited %" PRIu64 " and %" PRIu64, (double)target, first.stats.visited,
          second.stats.visited);
    test_hits_free(&first);
    test_hits_free(&second);
}

static void test_before_a_measurement(void)
{
    arb_index *index = make_index(ARB_METRIC_L2, 400, ARB_LAYOUT_COMPACT);
    CHECK(test_stats(index).recall_sampled == 0, "measured with 400 rows");
    expect_same(index, index, 0.9f, 64);
    expect_same(index, index, 0.95f, 128);
    expect_same(index, index, 0.99f, 640);
    /* too few rows came for one, then enough */
    test_append(index, ids + 400, values + 400 * DIM, ROWS - 400, DIM);
    test_link_all(index);
    CHECK(test_stats(index).recall_sampled == 0, "measured without a freeze");
    CHECK_OK(arb_index_freeze(index));
    CHECK(test_stats(index).recall_sampled > 0, "not measured with %d rows", ROWS);
    arb_index_close(index);
}

/* What a breadth is made of without a measurement: k counts, and more so for high targets. */
static void test_unmeasured_breadths(void)
{
    static const struct {
        float target;
        uint32_t k;
        uint32_t ef;
    } expected[] = {{0.8f, 10, 32},     {0.95f, 10, 128},     {0.95f, 300, 600},
                    {0.99f, 10, 640},   {0.99f, 100, 640},    {0.99f, 300, 1342},
                    {0.999f, 10, 6400}, {0.999f, 1000, 14143}};
    arb_index *index = make_index(ARB_METRIC_L2, 100, ARB_LAYOUT_COMPACT);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        arb_recall_breadth found = arb_index_breadth(index, expected[i].target, expected[i].k);
        CHECK(!found.has_gap && found.ef >= expected[i].ef && found.ef <= expected[i].ef + 1,
              "target %g, k %u: ef %u for %u", (double)expected[i].target, expected[i].k, found.ef,
              expected[i].ef);
    }
    arb_index_close(index);
}

/* Four times the rows that were measured: a search goes farther than for those alone, and reaches
 * its target. */
static void test_growth(uint32_t k)
{
    arb_index *index = make_index(ARB_METRIC_L2, ROWS / 4, ARB_LAYOUT_COMPACT);
    arb_recall_breadth before = arb_index_breadth(index, 0.95f, k);
    test_append(index, ids + ROWS / 4, values + ROWS / 4 * DIM, ROWS - ROWS / 4, DIM);
    test_link_all(index);
    arb_recall_breadth after = arb_index_breadth(index, 0.95f, k);
    arb_recall_breadth lower = arb_index_breadth(index, 0.858579f, k); /* missed: 0.05 * 4^0.75 */
    CHECK(after.ef > before.ef && after.gap.gap > before.gap.gap, "k %u: no farther than before",
          k);
    CHECK(lower.ef <= before.ef + 1 && lower.ef + 1 >= before.ef &&
              fabsf(lower.gap.gap - before.gap.gap) < 1e-3f,
          "k %u: gap %g for 0.859, it was %g for 0.95", k, (double)lower.gap.gap,
          (double)before.gap.gap);
    test_hits exact = test_search(index, queries, QUERIES, DIM, k, 0, ARB_STRATEGY_EXACT);
    for (float target = 0.9f; target < 1; target += 0.03f) {
        test_hits found = search_for(index, k, target);
        double recall = recall_of(&found, &exact, k);
        CHECK(recall > (double)target - 0.01, "k %u: recall %.4f for %.4f", k, recall,
              (double)target);
        test_hits_free(&found);
    }
    test_hits_free(&exact);
    arb_index_close(index);
}

/* No walk tells of 0.999: it must still take clearly more than 0.995. */
static void test_highest_target(void)
{
    arb_index *index = make_index(ARB_METRIC_COSINE, ROWS, ARB_LAYOUT_COMPACT);
    arb_recall_table table;
    CHECK(arb_index_get_recall(index, &table) > 0, "not measured");
    for (uint32_t j = 0; j < ARB_RECALL_KS; j++) {
        const float *ef = table.ef[j];
        uint32_t last = ARB_RECALL_TARGETS - 1;
        CHECK(ef[last] > 2 * ef[last - 1], "k %u: ef %g and %g", arb_recall_ks[j],
              (double)ef[last - 1], (double)ef[last]);
    }
    arb_index_close(index);
}

/* A fourth of the rows must come or go before a freeze measures anew. */
static void test_when_it_is_due(void)
{
    arb_index *index = make_index(ARB_METRIC_COSINE, ROWS - 1500, ARB_LAYOUT_COMPACT);
    arb_recall_table first, second;
    uint32_t sampled = arb_index_get_recall(index, &first);
    uint64_t measured = atomic_load(&index->recall_rows);
    CHECK(sampled > 0 && measured == ROWS - 1500, "%" PRIu64 " rows", measured);
    test_append(index, ids + ROWS - 1500, values + (ROWS - 1500) * DIM, 1000, DIM);
    test_link_all(index);
    CHECK_OK(arb_index_freeze(index));
    arb_index_get_recall(index, &second);
    CHECK(memcmp(&first, &second, sizeof first) == 0, "measured anew for 1000 rows more");
    test_append(index, ids + ROWS - 500, values + (ROWS - 500) * DIM, 500, DIM);
    test_link_all(index);
    CHECK_OK(arb_index_freeze(index));
    CHECK(atomic_load(&index->recall_rows) == ROWS, "not measured anew for 1500 rows more");
    test_delete(index, ids, 2000);
    CHECK_OK(arb_index_freeze(index));
    CHECK(atomic_load(&index->recall_rows) == ROWS - 2000, "not measured anew for 2000 rows less");
    arb_index_close(index);
}

/* Small samples are rough; what is made of them must still rise with the target, or it would not be
 * kept, and a file that holds it not be opened. */
static void test_small_indexes(void)
{
    for (int64_t rows = 600; rows <= 2800; rows += 150) {
        for (int metric = ARB_METRIC_L2; metric <= ARB_METRIC_DOT; metric++) {
            arb_index *index = make_index((arb_metric)metric, rows, ARB_LAYOUT_COMPACT);
            arb_recall_table table;
            CHECK(arb_index_get_recall(index, &table) > 0, "metric %d, %" PRId64 " rows: none kept",
                  metric, rows);
            CHECK(arb_recall_table_is_sound(&table), "metric %d, %" PRId64 " rows", metric, rows);
            arb_index_close(index);
        }
    }
}

static void test_saved_and_opened(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/arb_recall_test_%ld", (long)getpid());
    arb_index *index = make_index(ARB_METRIC_COSINE, ROWS, ARB_LAYOUT_COMPACT);
    CHECK_OK(arb_index_save(index, path, UINT64_MAX));
    arb_index_options options = test_options(DIM, ARB_METRIC_COSINE, ARB_ELEMENT_F32);
    options.kernel_set = test_widest_set();
    arb_index *opened;
    CHECK_OK(arb_index_open(path, &options, 0, &opened));
    unlink(path);
    arb_recall_table first, second;
    uint32_t sampled = arb_index_get_recall(index, &first);
    CHECK(sampled > 0 && arb_index_get_recall(opened, &second) == sampled &&
              memcmp(&first, &second, sizeof first) == 0,
          "the file has another table");
    CHECK(atomic_load(&opened->recall_rows) == ROWS, "the file has other rows");
    CHECK(test_stats(opened).recall_sampled == sampled, "stats");
    expect_same(index, opened, 0.95f, 0);
    arb_index_close(opened);
    arb_index_close(index);
}

static void test_refusals(void)
{
    static const struct {
        float target;
        const char *message;
    } bad[] = {{1, "options.target_recall: found 1; allowed above 0 and below 1, or 0 for ef"},
               {-0.1f, "options.target_recall: found -0.1"},
               {NAN, "options.target_recall: found nan"},
               {95, "options.target_recall: found 95"}};
    arb_index *index = make_index(ARB_METRIC_L2, 100, ARB_LAYOUT_COMPACT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        test_tree tree = test_vectors("", 'f', queries, 1, DIM);
        arb_search_options options = test_search_options(10, 0, ARB_STRATEGY_GRAPH);
        options.target_recall = bad[i].target;
        struct ArrowSchema schema;
        struct ArrowArray array;
        CHECK_FAILS(arb_index_search(index, &options, &tree.schema, &tree.array, NULL, NULL,
                                     &schema, &array, NULL),
                    ARB_INVALID_ARGUMENT, bad[i].message);
        test_free(&tree);
    }
    arb_index_close(index);
}

/* All that lies near the queries goes: answers come from beyond, whole, and none of the dead. */
static void test_dead_neighborhoods(void)
{
    arb_index *index = make_index(ARB_METRIC_L2, ROWS, ARB_LAYOUT_COMPACT);
    static int64_t dead[ROWS];
    int64_t count = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        if (row % CLUSTERS < CLUSTERS / 2) {
            dead[count++] = row;
        }
    }
    test_delete(index, dead, count);
    for (uint32_t k = 1; k <= 100; k *= 10) {
        test_hits exact = test_search(index, queries, QUERIES, DIM, k, 0, ARB_STRATEGY_EXACT);
        test_hits found = search_for(index, k, 0.95f);
        CHECK(recall_of(&found, &exact, k) > 0.9, "k %u: recall %.3f", k,
              recall_of(&found, &exact, k));
        for (int64_t i = 0; i < found.count; i++) {
            CHECK(found.id[i] % CLUSTERS >= CLUSTERS / 2, "id %" PRId64 " is dead", found.id[i]);
        }
        test_hits_free(&exact);
        test_hits_free(&found);
    }
    arb_index_close(index);
}

/* Rows of one remainder match. */
static void test_filtered(void)
{
    arb_index *index = make_index(ARB_METRIC_L2, ROWS, ARB_LAYOUT_COMPACT);
    uint8_t bits[(ROWS + 7) / 8] = {0};
    for (int64_t row = 0; row < ROWS; row += 7) {
        bits[row / 8] |= (uint8_t)(1u << (row % 8));
    }
    test_hits hits[2];
    for (int strategy = 0; strategy < 2; strategy++) {
        test_tree tree = test_vectors("", 'f', queries, QUERIES, DIM);
        test_tree filter = test_node("b", "filter", ROWS, 2, 0);
        filter.array.buffers[1] = test_copy(bits, sizeof bits);
        arb_search_options options = test_search_options(10, 0, strategy);
        options.target_recall = 0.95f;
        CHECK_OK(arb_index_search(index, &options, &tree.schema, &tree.array, &filter.schema,
                                  &filter.array, &hits[strategy].schema, &hits[strategy].array,
                                  &hits[strategy].stats));
        test_free(&tree);
        test_free(&filter);
        hits[strategy].count = hits[strategy].array.length;
        hits[strategy].id = hits[strategy].array.children[1]->buffers[1];
    }
    for (int64_t i = 0; i < hits[0].count; i++) {
        CHECK(hits[0].id[i] % 7 == 0, "id %" PRId64 " does not match", hits[0].id[i]);
    }
    CHECK(recall_of(&hits[0], &hits[1], 10) > 0.9, "recall %.3f",
          recall_of(&hits[0], &hits[1], 10));
    test_hits_free(&hits[0]);
    test_hits_free(&hits[1]);
    arb_index_close(index);
}

typedef struct race {
    arb_index *index;
    _Atomic int done;
} race;

static void *delete_rows(void *argument)
{
    race *in = argument;
    for (int64_t row = 0; row + 1 < ROWS; row += 2) {
        test_delete(in->index, &ids[row], 1);
    }
    atomic_store(&in->done, 1);
    return NULL;
}

static void *freeze_meanwhile(void *argument)
{
    race *in = argument;
    do {
        CHECK_OK(arb_index_freeze(in->index));
    } while (!atomic_load(&in->done));
    return NULL;
}

/* What is dead before a search begins is not found; measurements run beside it. */
static void test_beside_deletes(void)
{
    race in = {.index = make_index(ARB_METRIC_COSINE, ROWS, ARB_LAYOUT_COMPACT)};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, delete_rows, &in);
    pthread_create(&threads[1], NULL, freeze_meanwhile, &in);
    int last;
    do {
        last = atomic_load(&in.done);
        test_hits found = search_for(in.index, 10, 0.95f);
        CHECK(found.count == QUERIES * 10, "%" PRId64 " hits", found.count);
        for (int64_t i = 0; last && i < found.count; i++) {
            CHECK(found.id[i] % 2 == 1, "id %" PRId64 " is dead", found.id[i]);
        }
        test_hits_free(&found);
    } while (!last);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    test_validate(in.index);
    arb_index_close(in.index);
}

int main(void)
{
    make_rows(values, ROWS, 1);
    make_rows(queries, QUERIES, 2);
    for (int64_t row = 0; row < ROWS; row++) {
        ids[row] = row;
    }
    test_refusals();
    test_targets(ARB_METRIC_COSINE, ARB_LAYOUT_COMPACT, 10);
    if (!test_is_reduced()) {
        test_targets(ARB_METRIC_L2, ARB_LAYOUT_COMPACT, 1);
        test_targets(ARB_METRIC_L2, ARB_LAYOUT_COMPACT, 37);
        test_targets(ARB_METRIC_L2, ARB_LAYOUT_COMPACT, 100);
        test_targets(ARB_METRIC_DOT, ARB_LAYOUT_COMPACT, 10);
        test_targets(ARB_METRIC_L2, ARB_LAYOUT_FUSED, 10);
    }
    test_before_a_measurement();
    test_unmeasured_breadths();
    test_highest_target();
    test_growth(10);
    if (!test_is_reduced()) {
        test_growth(1);
        test_growth(100);
    }
    test_when_it_is_due();
    if (!test_is_reduced()) {
        test_small_indexes();
    }
    test_saved_and_opened();
    test_dead_neighborhoods();
    test_filtered();
    test_beside_deletes();
    printf("index_recall_test: passed\n");
    return 0;
}
