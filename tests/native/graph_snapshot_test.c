/* graph_snapshot_test.c: what is written is what is opened, and no file can crash the process. */
#include "graph/graph_internal.h"
#include "graph/snapshot.h"
#include "graph_support.h"

#define ROWS 2000u
#define DIM 32u
#define CLUSTERS 10u
#define ROUNDS 1500u

typedef struct sink {
    uint8_t *bytes;
    size_t size;
    size_t limit; /* write fails past it */
} sink;

static arb_status append(void *context, const void *bytes, size_t size)
{
    sink *to = context;
    if (to->limit != 0 && to->size + size > to->limit)
        return ARB_IO;
    to->bytes = realloc(to->bytes, to->size + size);
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    return ARB_OK;
}

static sink written(const world *w, uint32_t nodes)
{
    sink to = {0};
    EXPECT(arb_graph_write(w->graph, nodes, append, &to) == ARB_OK, "%s", arb_last_error());
    return to;
}

/* The world goes on with the graph in the file. */
static void reopen(world *w, const sink *file, uint32_t nodes)
{
    arb_graph *opened = NULL;
    EXPECT(arb_graph_open(&w->scorer, file->bytes, file->size, nodes, &opened) == ARB_OK, "%s",
           arb_last_error());
    arb_graph_destroy(w->graph);
    w->graph = opened;
}

static world *half_built(uint32_t linked)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 60);
    link_rows(w, 0, linked, 1);
    return w;
}

static void test_round_trip(int frozen)
{
    world *w = half_built(ROWS);
    if (frozen)
        EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "freeze");
    uint64_t edges = expect_sound(w).edges;
    arb_hit before[50][10];
    for (uint32_t i = 0; i < 50; i++)
        EXPECT(search_graph(w, arb_row(w->rows, i), 40, 10, before[i]) == 10, "before");
    sink file = written(w, ROWS);
    reopen(w, &file, ROWS);
    arb_index_report found = expect_sound(w);
    EXPECT(found.edges == edges && found.nodes == ROWS, "edges or nodes differ");
    for (uint32_t i = 0; i < 50; i++) {
        arb_hit after[10];
        EXPECT(search_graph(w, arb_row(w->rows, i), 40, 10, after) == 10, "after");
        EXPECT(memcmp(before[i], after, sizeof after) == 0, "query %u: other answers", i);
    }
    sink again = written(w, ROWS);
    EXPECT(again.size == file.size && memcmp(again.bytes, file.bytes, file.size) == 0,
           "writing what was opened gives another file");
    world_destroy(w);
    free(file.bytes);
    free(again.bytes);
}

static void test_goes_on_after_open(void)
{
    world *w = half_built(ROWS / 2);
    sink file = written(w, ROWS); /* the second half is not linked */
    reopen(w, &file, ROWS);
    EXPECT(expect_sound(w).nodes == ROWS / 2, "nodes");
    EXPECT(!arb_graph_is_linked(w->graph, ROWS / 2), "linked by writing");
    link_rows(w, ROWS / 2, ROWS, 1);
    EXPECT(expect_sound(w).nodes == ROWS, "nodes");
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "freeze");
    memset(file.bytes, 0xff, file.size); /* frozen: the file is not read any more */
    expect_sound(w);
    double recall = measure_recall(w, CLUSTERS, 50, 64, 10);
    EXPECT(recall >= 0.97, "recall %.4f", recall);
    world_destroy(w);
    free(file.bytes);
}

/* Nodes linked out of order: the file of the first ones has a tree in pieces. What it says is
 * linked must be reachable, the rest can be linked again. */
static void test_prefix_of_any_order(void)
{
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_L2, ROWS, CLUSTERS, 8, 60);
    for (uint32_t first = 0; first < ROWS; first += 100) { /* each hundred from its end */
        for (uint32_t node = first + 100; node-- > first;)
            link_rows(w, node, node + 1, 1);
    }
    expect_sound(w);
    uint32_t prefix = 1050;
    sink file = written(w, prefix);
    reopen(w, &file, prefix);
    arb_index_report found = expect_sound(w);
    EXPECT(found.nodes >= 900 && found.nodes < prefix, "%llu nodes",
           (unsigned long long)found.nodes);
    for (uint32_t node = 0; node < ROWS; node++) {
        if (!arb_graph_is_linked(w->graph, node))
            link_rows(w, node, node + 1, 1);
    }
    EXPECT(expect_sound(w).nodes == ROWS, "nodes");
    EXPECT(measure_recall(w, CLUSTERS, 50, 64, 10) >= 0.97, "recall");
    world_destroy(w);
    free(file.bytes);
}

static void test_empty(void)
{
    world *w = half_built(0);
    sink none = written(w, 0);
    sink unlinked = written(w, 100);
    reopen(w, &none, 0);
    reopen(w, &unlinked, 100);
    arb_hit hits[1];
    EXPECT(search_graph(w, arb_row(w->rows, 0), 10, 1, hits) == 0, "hits");
    link_rows(w, 0, 100, 1);
    expect_sound(w);
    world_destroy(w);
    free(none.bytes);
    free(unlinked.bytes);
}

static void test_failing_disk(void)
{
    world *w = half_built(500);
    sink whole = written(w, 500);
    for (size_t limit = 1; limit < whole.size; limit += whole.size / 7) {
        sink to = {.limit = limit};
        EXPECT(arb_graph_write(w->graph, 500, append, &to) == ARB_IO, "limit %zu", limit);
        free(to.bytes);
    }
    expect_sound(w);
    world_destroy(w);
    free(whole.bytes);
}

/* A damaged file is turned away or gives a graph that searches, inserts and freezes without a
 * fault; the bytes lie in memory of exactly their size, so that AddressSanitizer sees a step too
 * far. */
static int survives(world *w, const uint8_t *bytes, size_t size, uint32_t nodes)
{
    uint8_t *exact = aligned_alloc(8, size == 0 ? 8 : (size + 7) / 8 * 8);
    memcpy(exact, bytes, size);
    arb_graph *opened = NULL;
    arb_status status = arb_graph_open(&w->scorer, exact, size, nodes, &opened);
    EXPECT(status == ARB_OK ? opened != NULL : status == ARB_CORRUPT, "status %d", status);
    if (status == ARB_OK) {
        arb_hit hits[10];
        uint32_t count = 0;
        arb_index_report found;
        arb_searcher *searcher = arb_searcher_acquire(opened);
        arb_status searched = arb_graph_search(opened, searcher, arb_row(w->rows, 3), 1, 50, 10,
                                               &w->mask, hits, &count, NULL);
        EXPECT(searched == ARB_OK, "search: %s", arb_last_error());
        for (uint32_t node = nodes; node < nodes + 5; node++) {
            arb_status inserted = arb_graph_insert(opened, searcher, node);
            EXPECT(inserted == ARB_OK || inserted == ARB_CORRUPT, "insert: %d", inserted);
        }
        arb_searcher_release(opened, searcher);
        EXPECT(arb_graph_validate(opened, nodes + 5, &found) == ARB_OK, "validate");
        EXPECT(arb_graph_freeze(opened) == ARB_OK, "freeze");
        arb_graph_destroy(opened);
    }
    free(exact);
    return status == ARB_OK;
}

static void test_damaged_files(void)
{
    uint32_t nodes = 300;
    world *w = half_built(nodes);
    sink file = written(w, nodes);
    uint64_t state = 1234;
    uint32_t accepted = 0;
    EXPECT(survives(w, file.bytes, file.size, nodes), "the file itself is turned away");
    EXPECT(!survives(w, file.bytes, file.size, nodes + 1), "another number of nodes");
    for (size_t size = 0; size < file.size; size += 1 + size / 9)
        EXPECT(!survives(w, file.bytes, size, nodes), "cut to %zu bytes", size);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        size_t reach = round % 3 == 0 ? sizeof(arb_snapshot_header) : file.size;
        size_t at = (size_t)(next_random(&state) % reach);
        size_t width = round % 2 == 0 || at + 4 > file.size ? 1 : 4;
        uint8_t kept[4];
        memcpy(kept, file.bytes + at, width);
        for (size_t i = 0; i < width; i++)
            file.bytes[at + i] ^= (uint8_t)(1 + next_random(&state) % 255);
        accepted += (uint32_t)survives(w, file.bytes, file.size, nodes);
        memcpy(file.bytes + at, kept, width);
    }
    /* A changed neighbor may still be a node: some must get through to the search above. */
    EXPECT(accepted > 0 && accepted < ROUNDS, "%u of %u damaged files were opened", accepted,
           ROUNDS);
    printf("graph_snapshot_test: %u of %u damaged files were opened\n", accepted, ROUNDS);
    world_destroy(w);
    free(file.bytes);
}

int main(void)
{
    test_round_trip(0);
    test_round_trip(1);
    test_goes_on_after_open();
    test_prefix_of_any_order();
    test_empty();
    test_failing_disk();
    test_damaged_files();
    return report("graph_snapshot_test");
}
