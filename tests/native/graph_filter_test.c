/* graph_filter_test.c: the search over nodes that match a filter: what it finds, for filters drawn
 * by lot and of clusters, near the query and far from it, beside deletions and while nodes are
 * linked. */
#include "graph_support.h"

#define DIM 64
#define CLUSTERS 40
#define ROWS 8000
#define FAR_ROWS 30000
#define K 10

static uint64_t matches[FAR_ROWS / 64 + 1];

/* A filter that no search gives up. */
static arb_mask mask_of(const world *w)
{
    return (arb_mask){
        .deleted = w->deleted, .matches = matches, .end = ROWS, .count = ARB_MASK_UNCOUNTED};
}

static int is_match(uint32_t node)
{
    return (int)(matches[node / 64] >> (node % 64) & 1);
}

static void match_if(uint32_t node, int wanted)
{
    if (wanted)
        matches[node / 64] |= 1ull << (node % 64);
}

/* Rows of the clusters that are `step` apart, or one row in `step` by lot. */
static void fill(uint32_t step, int by_cluster)
{
    uint64_t state = 5;
    memset(matches, 0, sizeof matches);
    for (uint32_t node = 0; node < ROWS; node++)
        match_if(node, by_cluster ? node % CLUSTERS % step == 0 : next_random(&state) % step == 0);
}

/* first may be NULL. */
static uint32_t search_filtered(const world *w, arb_searcher *searcher, const void *query,
                                uint32_t ef, const arb_first_try *first, arb_hit *hits)
{
    arb_mask mask = mask_of(w);
    arb_graph_options options = {.ef = ef, .k = K, .mask = &mask, .through = 1, .first = first};
    arb_graph_query one = {.row = query, .native = 1, .hits = hits};
    EXPECT(arb_graph_search_group(w->graph, &searcher, &one, 1, &options, NULL) == ARB_OK, "%s",
           arb_last_error());
    for (uint32_t i = 0; i < one.count; i++) {
        EXPECT(is_match(hits[i].node), "node %u does not match", hits[i].node);
        EXPECT(i == 0 || arb_hit_compare(&hits[i - 1], &hits[i]) < 0, "hit %u is out of order", i);
    }
    return one.count;
}

/* Recall@K of queries of all clusters, whether their rows match or not. */
static double recall_of(const world *w, uint32_t ef, const arb_first_try *first)
{
    uint64_t state = 99;
    arb_mask mask = mask_of(w);
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    float vector[DIM];
    void *query = aligned_alloc(ARB_ROW_ALIGNMENT, w->rows->stride);
    uint32_t common = 0;
    uint32_t wanted = 0;
    for (uint32_t q = 0; q < 100; q++) {
        arb_hit found[K], truth[K];
        uint32_t exact = 0;
        clustered_vector(q % CLUSTERS, 0.7f, &state, DIM, vector);
        store_vector(w, vector, query);
        arb_exact_scan(&w->scorer, w->graph, query, 0, ROWS, 0, &mask, K, truth, &exact, NULL);
        uint32_t count = search_filtered(w, searcher, query, ef, first, found);
        for (uint32_t i = 0; i < count; i++)
            EXPECT(!is_deleted(w, found[i].node), "node %u is deleted", found[i].node);
        for (uint32_t a = 0; a < exact; a++) {
            for (uint32_t b = 0; b < count; b++)
                common += truth[a].node == found[b].node;
        }
        wanted += exact;
    }
    free(query);
    arb_searcher_release(w->graph, searcher);
    return (double)common / (double)wanted;
}

static void test_recall(arb_metric metric, arb_element element)
{
    world *w = world_create(DIM, element, metric, ROWS, CLUSTERS, 16, 100);
    link_rows(w, 0, ROWS, 1);
    for (int frozen = 0; frozen < 2; frozen++) {
        static const uint32_t steps[] = {1, 2, 5, 10, 25, 40};
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            for (int by_cluster = 0; by_cluster < 2; by_cluster++) {
                fill(steps[i], by_cluster);
                double recall = recall_of(w, 128, NULL);
                /* a graph is worse at dot products, with a filter or without */
                EXPECT(recall >= (metric == ARB_METRIC_DOT ? 0.85 : 0.95),
                       "metric %d: one in %u, by cluster %d: recall %.4f", metric, steps[i],
                       by_cluster, recall);
            }
        }
        EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
        for (uint32_t node = 0; node < ROWS; node += 3)
            delete_row(w, node);
    }
    world_destroy(w);
}

/* First past all nodes: whether that ends by its gap or gives up, enough is found. */
static void test_first_try(uint64_t rows_most)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 16, 100);
    link_rows(w, 0, ROWS, 1);
    arb_first_try first = {.gap = {.gap = 0.5f, .norm = 1, .rise = -0.1f, .rank_most = 100},
                           .rows_most = (uint32_t)rows_most};
    static const uint32_t steps[] = {1, 2, 5, 10};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (int by_cluster = 0; by_cluster < 2; by_cluster++) {
            fill(steps[i], by_cluster);
            double recall = recall_of(w, 128, &first);
            EXPECT(recall >= 0.95, "at most %u rows, one in %u, by cluster %d: recall %.4f",
                   first.rows_most, steps[i], by_cluster, recall);
        }
    }
    world_destroy(w);
}

/* Rows in a plane, of which those match that are farther than most: the nearest of them lie
 * anywhere on a circle around the query, along which nothing leads. A search that counts mostly
 * says so, by finding none. */
static void test_gets_nowhere(void)
{
    static arb_hit all[FAR_ROWS];
    world *w = world_create(2, ARB_ELEMENT_F32, ARB_METRIC_L2, FAR_ROWS, 1, 8, 40);
    link_rows(w, 0, FAR_ROWS, 1);
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    uint32_t given_up = 0;
    uint32_t right = 0;
    uint32_t found_any = 0;
    uint32_t match = FAR_ROWS / 2;
    for (uint32_t q = 0; q < 20; q++) {
        const void *query = arb_row(w->rows, q * 100);
        arb_hit found[K];
        uint32_t count = 0;
        arb_exact_scan(&w->scorer, w->graph, query, 0, FAR_ROWS, 0, NULL, FAR_ROWS, all, &count,
                       NULL);
        memset(matches, 0, sizeof matches);
        for (uint32_t i = FAR_ROWS - match; i < FAR_ROWS; i++)
            match_if(all[i].node, 1);
        arb_mask mask = {.matches = matches, .end = FAR_ROWS, .count = match};
        arb_graph_options options = {.ef = 4 * K, .k = K, .mask = &mask, .through = 1};
        arb_graph_query one = {.row = query, .native = 1, .hits = found};
        EXPECT(arb_graph_search_group(w->graph, &searcher, &one, 1, &options, NULL) == ARB_OK, "%s",
               arb_last_error());
        given_up += one.count == 0;
        found_any += one.count;
        for (uint32_t i = 0; i < one.count; i++)
            right += found[i].distance <= all[FAR_ROWS - match + K - 1].distance;
    }
    EXPECT(given_up >= 10, "%u of 20 given up, %u of %u found are right", given_up, right,
           found_any);
    arb_searcher_release(w->graph, searcher);
    world_destroy(w);
}

/* ---- beside inserts and deletions ---- */

typedef struct race {
    world *w;
    _Atomic int linking;
} race;

static void *link_all(void *argument)
{
    race *r = argument;
    link_rows(r->w, 1000, r->w->count, 1);
    atomic_store(&r->linking, 0);
    return NULL;
}

static void test_beside_inserts(uint32_t rows)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_L2, rows, CLUSTERS, 8, 40);
    race r = {.w = w, .linking = 1};
    pthread_t linker;
    fill(5, 0);
    link_rows(w, 0, 1000, 1);
    pthread_create(&linker, NULL, link_all, &r);
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    for (uint32_t i = 0; atomic_load(&r.linking) || i < 50; i++) {
        arb_hit hits[K];
        uint32_t node = i % 1000;
        int lived = is_match(node) && !is_deleted(w, node);
        uint32_t count = search_filtered(w, searcher, arb_row(w->rows, node), 64, NULL, hits);
        EXPECT(!lived || (count > 0 && hits[0].distance == 0), "node %u does not find itself",
               node);
        if (i % 7 == 0)
            delete_row(w, node);
        for (uint32_t j = 0; i % 7 == 0 && j < K; j++) {
            count = search_filtered(w, searcher, arb_row(w->rows, node), 64, NULL, hits);
            EXPECT(count == 0 || hits[0].node != node, "node %u came back deleted", node);
        }
    }
    arb_searcher_release(w->graph, searcher);
    pthread_join(linker, NULL);
    expect_sound(w);
    world_destroy(w);
}

int main(void)
{
    const char *effort = getenv("ARB_TEST_EFFORT");
    int reduced = effort != NULL && strcmp(effort, "reduced") == 0;
    test_recall(ARB_METRIC_COSINE, ARB_ELEMENT_F16);
    if (!reduced) {
        test_recall(ARB_METRIC_L2, ARB_ELEMENT_F32);
        test_recall(ARB_METRIC_DOT, ARB_ELEMENT_F16);
    }
    test_first_try(reduced ? 600 : 100 * ROWS);
    if (!reduced) {
        test_first_try(600);
        test_gets_nowhere();
    }
    test_beside_inserts(reduced ? 2000 : ROWS);
    return report("graph_filter_test");
}
