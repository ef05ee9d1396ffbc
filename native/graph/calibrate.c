/* calibrate.c: whether a distance generated for this index is faster than the set's own kernel
 * where it counts: on the index's rows, wherever in the memory they are, with all that a search
 * does to get at them. What is won in the first-level cache is mostly lost behind a row that comes
 * from memory, so nothing but a measurement can tell. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "graph/score.h"

/* One measurement: lists of nodes, as many as an expansion scores, 5 to 100 us together. */
#define LIST_NODES 32u
#define LISTS 16u
/* Pairs of measurements, and how long they may take: rows of many components come slowly, and a
 * machine may be busy. Fewer pairs than the least say nothing. */
#define PAIRS_MAX 128u
#define PAIRS_MIN 8u
#define CALIBRATION_NS_MAX 5e6

typedef struct measurement {
    arb_query query;
    uint32_t nodes[LISTS][LIST_NODES];
} measurement;

/* Of this thread: time that it does not run does not count. */
static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Numerical Recipes' 64-bit linear congruential generator: the upper bits are good enough to pick
 * rows. */
static uint32_t draw_node(uint64_t *state, uint32_t rows)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(((*state >> 32) * rows) >> 32);
}

static void draw_nodes(measurement *measured, uint64_t *state, uint32_t rows)
{
    for (uint32_t list = 0; list < LISTS; list++) {
        for (uint32_t i = 0; i < LIST_NODES; i++)
            measured->nodes[list][i] = draw_node(state, rows);
    }
}

static double time_lists(const measurement *measured)
{
    float distances[LIST_NODES];
    double started = now_ns();
    for (uint32_t list = 0; list < LISTS; list++)
        arb_score(&measured->query, measured->nodes[list], LIST_NODES, distances);
    return now_ns() - started;
}

static int compare_floats(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* Each of a pair has rows of its own, drawn alike, so that none finds what the other has brought
 * in; who begins alternates. The first pair, which wakes code and tables, does not count. */
static void time_pairs(measurement *written, measurement *generated, uint32_t rows,
                       arb_generated_timing *timing)
{
    float ratios[PAIRS_MAX];
    uint32_t pairs = 0;
    uint64_t state = rows;
    double started = now_ns();
    for (uint32_t i = 0; i <= PAIRS_MAX; i++) {
        draw_nodes(written, &state, rows);
        draw_nodes(generated, &state, rows);
        measurement *first = i % 2 ? generated : written;
        double first_ns = time_lists(first);
        double second_ns = time_lists(first == written ? generated : written);
        double ratio = first == written ? first_ns / second_ns : second_ns / first_ns;
        if (i > 0)
            ratios[pairs++] = (float)ratio;
        if (pairs >= PAIRS_MIN && now_ns() - started > CALIBRATION_NS_MAX)
            break;
    }
    qsort(ratios, pairs, sizeof *ratios, compare_floats);
    timing->median = ratios[pairs / 2];
    /* the order statistic two standard errors of a rank below the middle, each pair being a toss */
    timing->median_at_least = ratios[pairs / 2 - (uint32_t)sqrt(pairs)];
}

arb_generated *arb_graph_calibrate(const arb_graph *graph, uint32_t rows,
                                   arb_generated_timing *timing)
{
    const arb_scorer *scorer = graph->scorer;
    arb_searcher *searcher = arb_searcher_acquire(graph);
    measurement *measured = malloc(2 * sizeof *measured);
    arb_generated *generated = NULL;
    if (searcher == NULL || measured == NULL)
        goto done;
    /* within an epoch, since codes may be replaced meanwhile; a row in the middle is the query */
    arb_epoch_enter(graph, searcher);
    arb_query query =
        arb_written_traversal_query(scorer, searcher, arb_row(scorer->rows, rows / 2), 1);
    generated =
        arb_generate_like(scorer->form.kernels, scorer->form.metric, query.kernel, query.dim);
    if (generated != NULL) {
        measured[0].query = measured[1].query = query;
        measured[1].query.kernel = generated->distance;
        time_pairs(&measured[0], &measured[1], rows, timing);
    }
    arb_epoch_leave(searcher);
done:
    free(measured);
    if (searcher != NULL)
        arb_searcher_release(graph, searcher);
    return generated;
}
