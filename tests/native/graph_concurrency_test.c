/* graph_concurrency_test.c: writers, readers, freezing, validating and writing at the same time.
 * Run under ThreadSanitizer too (-DARB_SANITIZE=thread). */
#include "graph/graph_internal.h"
#include "graph_support.h"

/* ThreadSanitizer slows all this tenfold; fewer rows race as well. */
#ifdef __SANITIZE_THREAD__
#    define ROWS 1500u
#    define FIRST_NODE_ROUNDS 60
#    define DELETE_ROUNDS 10
#else
#    define ROWS 4000u
#    define FIRST_NODE_ROUNDS 150
#    define DELETE_ROUNDS 50
#endif
#define DIM 32u
#define FUSED_DIM 128u /* with fewer, near rows are too close together for four bits */
#define CLUSTERS 20u
#define WRITERS 4u
#define READERS 4u

typedef struct job {
    world *w;
    uint32_t number;
    _Atomic uint32_t *next;     /* the next row to link */
    _Atomic uint32_t *finished; /* writers that are done */
    uint64_t searches;
    uint64_t misses; /* rows that were linked and not found */
} job;

static void *write_rows(void *argument)
{
    job *j = argument;
    for (uint32_t node = (*j->next)++; node < j->w->count; node = (*j->next)++)
        link_rows(j->w, node, node + 1, 1);
    (*j->finished)++;
    return NULL;
}

/* Searches for rows that are linked already; each must come back as its own nearest. */
static void *read_rows(void *argument)
{
    job *j = argument;
    const world *w = j->w;
    uint64_t state = 17 + j->number;
    arb_hit hits[10];
    do {
        uint32_t node = (uint32_t)(next_random(&state) % w->count);
        if (!arb_graph_is_linked(w->graph, node))
            continue;
        const void *query = arb_row(w->rows, node);
        uint32_t count = search_graph(w, query, 40, 10, hits);
        EXPECT(count > 0, "no hit at all");
        int found = 0;
        for (uint32_t i = 0; i < count; i++) {
            found |= hits[i].node == node;
            EXPECT(i == 0 || hits[i - 1].distance <= hits[i].distance, "hit %u: order", i);
            EXPECT(hits[i].distance == arb_exact_distance(&w->scorer, query, hits[i].node),
                   "hit %u: distance", i);
            for (uint32_t other = 0; other < i; other++)
                EXPECT(hits[other].node != hits[i].node, "node %u twice", hits[i].node);
        }
        j->searches++;
        j->misses += !found;
    } while (*j->finished < WRITERS);
    return NULL;
}

static void *freeze_often(void *argument)
{
    job *j = argument;
    do {
        EXPECT(arb_graph_freeze(j->w->graph) == ARB_OK, "%s", arb_last_error());
        j->searches++;
    } while (*j->finished < WRITERS);
    return NULL;
}

static arb_status count_bytes(void *context, const void *bytes, size_t size)
{
    (void)bytes;
    *(uint64_t *)context += size;
    return ARB_OK;
}

static void *validate_and_write_often(void *argument)
{
    job *j = argument;
    do {
        expect_sound(j->w);
        uint64_t written = 0;
        EXPECT(arb_graph_write(j->w->graph, j->w->count, count_bytes, &written) == ARB_OK, "%s",
               arb_last_error());
        EXPECT(written > 0, "nothing was written");
        j->searches++;
    } while (*j->finished < WRITERS);
    return NULL;
}

/* Links every row by four writers while the bodies run, one thread each. */
static void run_beside_writers(world *w, void *(*const *bodies)(void *), uint32_t count,
                               uint64_t *searches, uint64_t *misses)
{
    _Atomic uint32_t next = 0;
    _Atomic uint32_t finished = 0;
    pthread_t threads[WRITERS + 8];
    job jobs[WRITERS + 8];
    for (uint32_t i = 0; i < WRITERS + count; i++) {
        jobs[i] = (job){.w = w, .number = i, .next = &next, .finished = &finished};
        EXPECT(pthread_create(&threads[i], NULL, i < WRITERS ? write_rows : bodies[i - WRITERS],
                              &jobs[i]) == 0,
               "thread %u", i);
    }
    for (uint32_t i = 0; i < WRITERS + count; i++) {
        pthread_join(threads[i], NULL);
        *searches += jobs[i].searches;
        *misses += jobs[i].misses;
    }
}

static double recall_of_one_thread(uint32_t dim)
{
    world *w = world_create(dim, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 64);
    link_rows(w, 0, ROWS, 1);
    double recall = measure_recall(w, CLUSTERS, 400, 32, 10);
    world_destroy(w);
    return recall;
}

static void test_writers_and_readers(double single)
{
    static void *(*const readers[READERS])(void *) = {read_rows, read_rows, read_rows, read_rows};
    world *w = world_create(DIM, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 64);
    uint64_t searches = 0;
    uint64_t misses = 0;
    run_beside_writers(w, readers, READERS, &searches, &misses);
    arb_index_report found = expect_sound(w);
    EXPECT(found.nodes == ROWS, "%llu nodes", (unsigned long long)found.nodes);
    double recall = measure_recall(w, CLUSTERS, 400, 32, 10);
    printf("4 writers, 4 readers: recall %.4f, of one thread %.4f; %llu searches, %llu misses\n",
           recall, single, (unsigned long long)searches, (unsigned long long)misses);
    EXPECT(recall >= single - 0.005, "recall %.4f, of one thread %.4f", recall, single);
    EXPECT(misses * 100 <= searches, "%llu of %llu linked rows were not found",
           (unsigned long long)misses, (unsigned long long)searches);
    world_destroy(w);
}

static void test_freeze_beside_writers_and_readers(uint32_t dim, int fuse, double single)
{
    static void *(*const bodies[])(void *) = {freeze_often, freeze_often, read_rows, read_rows,
                                              validate_and_write_often};
    world *w = world_create(dim, ARB_ELEMENT_F16, ARB_METRIC_COSINE, ROWS, CLUSTERS, 8, 64);
    arb_graph_set_fused(w->graph, fuse);
    uint64_t searches = 0;
    uint64_t misses = 0;
    run_beside_writers(w, bodies, sizeof bodies / sizeof *bodies, &searches, &misses);
    uint64_t edges = expect_sound(w).edges;
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
    arb_graph_stats stats;
    EXPECT(arb_graph_get_stats(w->graph, &stats) == ARB_OK && stats.fused == fuse, "fused: %d",
           stats.fused);
    arb_index_report found = expect_sound(w);
    EXPECT(found.nodes == ROWS && found.edges == edges, "nodes or edges were lost");
    EXPECT(w->graph->overlay_lists == 0, "%llu", (unsigned long long)w->graph->overlay_lists);
    double recall = measure_recall(w, CLUSTERS, 400, 32, 10);
    EXPECT(recall >= single - 0.005, "recall %.4f, of one thread %.4f", recall, single);
    EXPECT(misses * 100 <= searches, "%llu of %llu linked rows were not found",
           (unsigned long long)misses, (unsigned long long)searches);
    world_destroy(w);
}

/* The first nodes race for the entry point and its levels: with M = 2 half of them are above level
 * 0. */
static void test_first_nodes(void)
{
    for (int round = 0; round < FIRST_NODE_ROUNDS; round++) {
        world *w = world_create(8, ARB_ELEMENT_F32, ARB_METRIC_L2, 24, 3, 2, 8);
        uint64_t searches = 0;
        uint64_t misses = 0;
        run_beside_writers(w, NULL, 0, &searches, &misses);
        arb_index_report found = expect_sound(w);
        EXPECT(found.nodes == 24, "%llu nodes", (unsigned long long)found.nodes);
        arb_hit hits[24];
        EXPECT(search_graph(w, arb_row(w->rows, 5), 24, 24, hits) == 24, "not all are found");
        world_destroy(w);
    }
}

/* Rows are deleted while others search: k live hits, or all there are. */
static void *delete_most(void *argument)
{
    job *j = argument;
    for (uint32_t node = 0; node < j->w->count; node++) {
        if (node % 50 != 0)
            delete_row(j->w, node);
    }
    (*j->finished)++;
    return NULL;
}

static void *search_while_deleting(void *argument)
{
    job *j = argument;
    arb_hit hits[10];
    uint64_t state = 23 + j->number;
    do {
        uint32_t node = (uint32_t)(next_random(&state) % j->w->count);
        EXPECT(search_graph(j->w, arb_row(j->w->rows, node), 16, 10, hits) == 10,
               "fewer than k hits, though more rows live");
    } while (*j->finished == 0);
    return NULL;
}

/* Each round deletes the rows anew: a search whose rows go while it runs is rare. */
static void test_deletes_beside_searches(uint32_t dim, int fuse)
{
    world *w = world_create(dim, ARB_ELEMENT_F16, ARB_METRIC_L2, ROWS, CLUSTERS, 8, 40);
    link_rows(w, 0, ROWS, 1);
    arb_graph_set_fused(w->graph, fuse);
    EXPECT(arb_graph_freeze(w->graph) == ARB_OK, "%s", arb_last_error());
    for (int round = 0; round < DELETE_ROUNDS; round++) {
        for (uint32_t word = 0; word <= ROWS / 64; word++)
            atomic_store(&w->deleted[word], 0);
        _Atomic uint32_t finished = 0;
        pthread_t threads[3];
        job jobs[3];
        for (uint32_t i = 0; i < 3; i++) {
            jobs[i] = (job){.w = w, .number = i, .finished = &finished};
            EXPECT(pthread_create(&threads[i], NULL, i == 0 ? delete_most : search_while_deleting,
                                  &jobs[i]) == 0,
                   "thread %u", i);
        }
        for (uint32_t i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
    }
    world_destroy(w);
}

int main(void)
{
    double single = recall_of_one_thread(DIM);
    test_first_nodes();
    test_writers_and_readers(single);
    test_freeze_beside_writers_and_readers(DIM, 0, single);
    test_freeze_beside_writers_and_readers(FUSED_DIM, 1, recall_of_one_thread(FUSED_DIM));
    test_deletes_beside_searches(DIM, 0);
    test_deletes_beside_searches(FUSED_DIM, 1);
    return report("graph_concurrency_test");
}
