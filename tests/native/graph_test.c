/* graph_test.c: one thread builds, searches, deletes, freezes and validates. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/graph_internal.h"
#include "graph_support.h"

#define ROWS 2000u
#define DIM 48u
#define CLUSTERS 20u

static world *built(arb_element element, arb_metric metric)
{
    world *w = world_create(DIM, element, metric, ROWS, CLUSTERS, 12, 80);
    link_rows(w, 0, ROWS, 1);
    return w;
}

static void test_recall(void)
{
    for (int element = 0; element < ARB_ELEMENTS; element++) {
        for (int metric = 0; metric < ARB_METRICS; metric++) {
            world *w = built((arb_element)element, (arb_metric)metric);
            arb_index_report found = expect_sound(w);
            EXPECT(found.nodes == ROWS, "nodes: %llu", (unsigned long long)found.nodes);
            double recall = measure_recall(w, CLUSTERS, 100, 64, 10);
            EXPECT(recall >= 0.97, "element %d, metric %d: recall %.4f", element, metric, recall);
            EXPECT(measure_recall(w, CLUSTERS, 5, ROWS, 10) == 1.0,
                   "an ef of all rows misses some");
            world_destroy(w);
        }
    }
}

/* Native kernels are tried in a child, since a CPU may run what its CPUID hides, or kill for it. */
static int can_run(const arb_kernel_set *set)
{
    pid_t child = fork();
    if (child == 0) {
        uint16_t zeros[DIM] = {0};
        signal(SIGILL, SIG_DFL);
        _exit(set->native[ARB_METRIC_L2].one(zeros, zeros, DIM) == 0.0f ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_native_traversal(void)
{
    const arb_kernel_set *native = NULL;
    for (int32_t i = 0; arb_kernel_set_at(i) != NULL; i++) {
        const arb_kernel_set *set = arb_kernel_set_at(i);
        if (set->native[ARB_METRIC_L2].one != NULL && can_run(set))
            native = set;
    }
    if (native == NULL) {
        printf("graph_test: no native FP16 arithmetic on this CPU, its case is left out\n");
        return;
    }
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_L2, ROWS, CLUSTERS, 12, 80);
    w->scorer.form.kernels = native;
    w->scorer.native = 1;
    link_rows(w, 0, ROWS, 1);
    expect_sound(w);
    double recall = measure_recall(w, CLUSTERS, 100, 64, 10);
    EXPECT(recall >= 0.97, "native: recall %.4f", recall);
    arb_hit hits[10];
    uint32_t count = search_graph(w, arb_row(w->rows, 5), 64, 10, hits);
    for (uint32_t i = 0; i < count; i++)
        EXPECT(hits[i].distance ==
                   arb_exact_distance(&w->scorer, arb_row(w->rows, 5), hits[i].node),
               "hit %u: a native distance was returned", i);
    world_destroy(w);
}

static void test_small_graphs(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_L2, 5, 2, 2, 1);
    arb_hit hits[10];
    const void *query = arb_row(w->rows, 0);
    EXPECT(search_graph(w, query, 10, 10, hits) == 0, "hits in an empty graph");
    expect_sound(w);
    for (uint32_t linked = 1; linked <= 5; linked++) {
        EXPECT(!arb_graph_is_linked(w->graph, linked - 1), "node %u", linked - 1);
        link_rows(w, linked - 1, linked, 1);
        EXPECT(arb_graph_is_linked(w->graph, linked - 1), "node %u", linked - 1);
        EXPECT(search_graph(w, query, 1, 10, hits) == linked, "not all of %u found", linked);
        EXPECT(hits[0].node == 0 && hits[0].distance == 0, "node %u", hits[0].node);
        EXPECT(search_graph(w, query, 1, 1, hits) == 1, "k = 1");
        expect_sound(w);
    }
    EXPECT(!arb_graph_is_linked(w->graph, 1u << 30), "a node far beyond is linked");
    world_destroy(w);
}

static void test_rejects_bad_arguments(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_L2, 5, 2, 2, 1);
    arb_graph *none = NULL;
    EXPECT(arb_graph_create(&w->scorer, 1, 10, 0, &none) == ARB_INVALID_ARGUMENT, "M = 1");
    EXPECT(arb_graph_create(&w->scorer, ARB_M_MAX + 1, 10, 0, &none) == ARB_INVALID_ARGUMENT,
           "M too large");
    EXPECT(arb_graph_create(&w->scorer, 2, 0, 0, &none) == ARB_INVALID_ARGUMENT, "breadth 0");
    EXPECT(arb_graph_create(&w->scorer, 2, ARB_EF_MAX + 1, 0, &none) == ARB_INVALID_ARGUMENT,
           "breadth too large");
    EXPECT(none == NULL, "an output was touched");
    link_rows(w, 0, 2, 1);
    arb_searcher *searcher = arb_searcher_acquire(w->graph);
    EXPECT(arb_graph_insert(w->graph, searcher, 1) == ARB_INVALID_ARGUMENT, "linked twice");
    EXPECT(arb_graph_insert(w->graph, searcher, ARB_NODES_MAX) == ARB_RESOURCE_EXHAUSTED,
           "a node too many");
    arb_searcher_release(w->graph, searcher);
    expect_sound(w);
    world_destroy(w);
}

/* Equal rows put every distance to a tie; lists must stay sound and every copy must be found. */
static void test_equal_rows(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_L2, 600, 1, 4, 20);
    for (uint32_t node = 1; node < 600; node++)
        memcpy(arb_row_for_write(w->rows, node), arb_row(w->rows, 0), w->rows->stride);
    link_rows(w, 0, 600, 1);
    expect_sound(w);
    arb_hit hits[600];
    EXPECT(search_graph(w, arb_row(w->rows, 0), 600, 600, hits) == 600, "copies are missing");
    for (uint32_t i = 0; i < 600; i++)
        EXPECT(hits[i].node == i, "ties come by node: place %u has %u", i, hits[i].node);
    world_destroy(w);
}

static void test_same_seed_same_graph(void)
{
    world *a = built(ARB_ELEMENT_F16, ARB_METRIC_COSINE);
    world *b = built(ARB_ELEMENT_F16, ARB_METRIC_COSINE);
    uint32_t upper = 0;
    for (uint32_t node = 0; node < ROWS; node++) {
        EXPECT(arb_level_of(a->graph, node) == arb_level_of(b->graph, node), "node %u", node);
        upper += arb_level_of(a->graph, node) > 0;
        uint64_t one = *arb_word_at(a->graph, node, 0);
        uint64_t two = *arb_word_at(b->graph, node, 0);
        EXPECT(arb_word_length(one) == arb_word_length(two) &&
                   memcmp(arb_word_list(one), arb_word_list(two),
                          arb_word_length(one) * sizeof(uint32_t)) == 0,
               "node %u: lists differ", node);
    }
    /* One node in M is expected above level 0: 167 of 2000, with a deviation of 12. */
    EXPECT(upper > 107 && upper < 227, "%u nodes above level 0", upper);
    world_destroy(a);
    world_destroy(b);
}

static void expect_live_hits(const world *w, const void *query, uint32_t ef, uint32_t k,
                             uint32_t expected)
{
    arb_hit *hits = malloc(k * sizeof *hits);
    uint32_t count = search_graph(w, query, ef, k, hits);
    EXPECT(count == expected, "%u hits, %u wanted", count, expected);
    for (uint32_t i = 0; i < count; i++) {
        EXPECT(!is_deleted(w, hits[i].node), "node %u is deleted", hits[i].node);
        EXPECT(i == 0 || hits[i - 1].distance <= hits[i].distance, "hit %u is out of order", i);
    }
    free(hits);
}

static void test_deletes(void)
{
    world *w = built(ARB_ELEMENT_F16, ARB_METRIC_L2);
    const void *query = arb_row(w->rows, 0);
    for (uint32_t node = 0; node < ROWS; node += CLUSTERS)
        delete_row(w, node); /* the whole cluster of the query */
    expect_live_hits(w, query, 10, 10, 10);
    expect_live_hits(w, query, 1, 1, 1);
    for (uint32_t node = 0; node < ROWS; node++) {
        if (node % 20 != 7)
            delete_row(w, node); /* 95 of 100 */
    }
    expect_live_hits(w, query, 10, 10, 10);
    expect_live_hits(w, query, 10, 200, 100);
    double recall = measure_recall(w, CLUSTERS, 50, 32, 10);
    EXPECT(recall >= 0.97, "95%% deleted: recall %.4f", recall);
    for (uint32_t node = 0; node < ROWS; node++) {
        if (node != 7 && node != 827 && node != 1627)
            delete_row(w, node);
    }
    expect_live_hits(w, query, 10, 10, 3);
    delete_row(w, 7);
    delete_row(w, 827);
    delete_row(w, 1627);
    expect_live_hits(w, query, 10, 10, 0);
    expect_sound(w);
    world_destroy(w);
}

/* More dead rows about the query than the candidate array holds: the wide search takes over. */
static void test_wide_search(void)
{
    uint32_t count = 9000;
    world *w = world_create(8, ARB_ELEMENT_F32, ARB_METRIC_L2, count, 4, 4, 16);
    link_rows(w, 0, count, 1);
    for (uint32_t node = 0; node < count; node++) {
        if (node < count - 40)
            delete_row(w, node);
    }
    expect_live_hits(w, arb_row(w->rows, 0), 10, 10, 10);
    EXPECT(measure_recall(w, 4, 5, 40, 10) == 1.0, "wide search misses live rows");
    expect_live_hits(w, arb_row(w->rows, 0), 5000, 50, 40);
    for (uint32_t node = 0; node < count; node++)
        atomic_store(&w->deleted[node / 64], 0);
    arb_hit narrow[10];
    arb_hit wide[10];
    EXPECT(search_graph(w, arb_row(w->rows, 3), 4096, 10, narrow) == 10, "narrow");
    EXPECT(search_graph(w, arb_row(w->rows, 3), 4097, 10, wide) == 10, "wide");
    EXPECT(memcmp(narrow, wide, sizeof wide) == 0, "the two searches disagree");
    world_destroy(w);
}

static void test_exact_scan(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F32, ARB_METRIC_DOT, 300, 3, 4, 20);
    link_rows(w, 0, 300, 2); /* the even ones */
    delete_row(w, 1);
    arb_hit hits[300];
    uint32_t count = 0;
    arb_search_stats stats = {0};
    const void *query = arb_row(w->rows, 1);
    arb_exact_scan(&w->scorer, w->graph, query, 0, 300, 1, &w->mask, 300, hits, &count, &stats);
    EXPECT(count == 149 && stats.tail_scanned == 149, "%u odd live rows", count);
    /* Extending the hits of one range by another gives the hits of both. */
    arb_hit both[20];
    arb_hit parts[20];
    uint32_t both_count = 0;
    uint32_t parts_count = 0;
    arb_exact_scan(&w->scorer, w->graph, query, 0, 300, 0, NULL, 20, both, &both_count, NULL);
    arb_exact_scan(&w->scorer, w->graph, query, 170, 300, 0, NULL, 20, parts, &parts_count, NULL);
    arb_exact_scan(&w->scorer, w->graph, query, 0, 170, 0, NULL, 20, parts, &parts_count, NULL);
    EXPECT(both_count == 20 && parts_count == 20, "%u and %u", both_count, parts_count);
    EXPECT(memcmp(both, parts, sizeof both) == 0, "a scan in two parts differs");
    for (uint32_t i = 0; i < 20; i++)
        EXPECT(both[i].distance == arb_exact_distance(&w->scorer, query, both[i].node), "%u", i);
    world_destroy(w);
}

static void test_freeze(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 12, 80);
    arb_graph_stats stats;
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "an empty graph");
    link_rows(w, 0, ROWS / 2, 1);
    for (int round = 0; round < 3; round++) {
        arb_hit before[10];
        arb_hit after[10];
        const void *query = arb_row(w->rows, ROWS - 1);
        EXPECT(search_graph(w, query, 50, 10, before) == 10, "before");
        uint64_t edges = expect_sound(w).edges;
        EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
        EXPECT(arb_graph_get_stats(w->graph, &stats) == ARB_OK, "stats");
        EXPECT(stats.overlay_lists == 0, "%llu", (unsigned long long)stats.overlay_lists);
        EXPECT(w->graph->base_used == edges * sizeof(uint32_t), "base of %llu bytes, edges %llu",
               (unsigned long long)w->graph->base_used, (unsigned long long)edges);
        EXPECT(w->graph->chunk_bytes == 0, "overlay memory was kept");
        EXPECT(expect_sound(w).edges == edges, "edges were lost");
        EXPECT(search_graph(w, query, 50, 10, after) == 10, "after");
        EXPECT(memcmp(before, after, sizeof after) == 0, "freeze changed an answer");
        if (round == 0)
            link_rows(w, ROWS / 2, ROWS, 1);
    }
    EXPECT(measure_recall(w, CLUSTERS, 50, 64, 10) >= 0.97, "recall after freeze");
    world_destroy(w);
}

/* Each fault that validate knows is planted in a sound graph and must be counted. */
static uint64_t planted(world *w, int kind)
{
    uint32_t node = 10;
    uint64_t word = *arb_word_at(w->graph, node, 0);
    uint32_t *list = (uint32_t *)(uintptr_t)arb_word_list(word);
    uint32_t length = arb_word_length(word);
    arb_index_report found = {0};
    if (kind == 0)
        list[0] = 1u << 30;
    if (kind == 1)
        list[0] = node;
    if (kind == 2)
        list[1] = list[0];
    if (kind == 3)
        atomic_store(arb_word_at(w->graph, node, 0),
                     arb_word_pack(list, w->graph->M0 + 1, ARB_WORD_OVERLAY));
    if (kind == 4)
        atomic_store(arb_word_at(w->graph, node, 0),
                     arb_word_pack(list, length - 1, ARB_WORD_OVERLAY));
    if (kind == 5) { /* no path leads to a node that is in no list */
        for (uint32_t other = 0; other < w->count; other++) {
            uint64_t from = *arb_word_at(w->graph, other, 0);
            uint32_t *links = (uint32_t *)(uintptr_t)arb_word_list(from);
            for (uint32_t i = 0; i < arb_word_length(from); i++) {
                if ((links[i] & ARB_NODE_MASK) == node)
                    links[i] = links[(i + 1) % arb_word_length(from)];
            }
        }
    }
    EXPECT(arb_graph_validate(w->graph, w->count, &found) == ARB_OK, "validate");
    const uint64_t counts[] = {found.out_of_bounds,  found.self_links,       found.duplicate_links,
                               found.overfull_lists, found.count_mismatches, found.unreachable};
    return counts[kind];
}

static void test_validate_finds_planted_faults(void)
{
    static const char *const names[] = {"out of bounds", "self link",      "duplicate",
                                        "overfull",      "count mismatch", "unreachable"};
    for (int kind = 0; kind < 6; kind++) {
        world *w = world_create(8, ARB_ELEMENT_F32, ARB_METRIC_L2, 200, 2, 4, 20);
        link_rows(w, 0, 200, 1);
        expect_sound(w);
        if (kind == 5) /* the node must not be the entry point */
            EXPECT(arb_entry_node(w->graph->entry) != 10, "entry");
        EXPECT(planted(w, kind) >= 1, "%s: not found", names[kind]);
        world_destroy(w);
    }
}

int main(void)
{
    test_recall();
    test_native_traversal();
    test_small_graphs();
    test_rejects_bad_arguments();
    test_equal_rows();
    test_same_seed_same_graph();
    test_deletes();
    test_wide_search();
    test_exact_scan();
    test_freeze();
    test_validate_finds_planted_faults();
    return report("graph_test");
}
