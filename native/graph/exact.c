/* exact.c: exact search by scanning rows, for small sets, for exact requests and for rows that the
 * graph does not have yet. */
#include <math.h>
#include <stdlib.h>

#include "graph/score.h"
#include "graph/visit.h"

#define SCAN_BATCH 64u

static int is_nearer(arb_hit a, arb_hit b)
{
    return a.distance != b.distance ? a.distance < b.distance : a.node < b.node;
}

static void sift_down(arb_hit *heap, uint32_t count, uint32_t at)
{
    arb_hit hit = heap[at];
    for (;;) {
        uint64_t child = 2 * (uint64_t)at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && is_nearer(heap[child], heap[child + 1]))
            child++;
        if (!is_nearer(hit, heap[child]))
            break;
        heap[at] = heap[child];
        at = (uint32_t)child;
    }
    heap[at] = hit;
}

static void sift_up(arb_hit *heap, uint32_t at)
{
    arb_hit hit = heap[at];
    while (at > 0 && is_nearer(heap[(at - 1) / 2], hit)) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = hit;
}

/* The heap's top is the farthest of the k nearest. */
static void offer(arb_hit *heap, uint32_t *count, uint32_t k, arb_hit hit)
{
    if (hit.distance != hit.distance) /* an overflow in float32 data */
        hit.distance = INFINITY;
    if (*count < k) {
        heap[*count] = hit;
        sift_up(heap, (*count)++);
    } else if (is_nearer(hit, heap[0])) {
        heap[0] = hit;
        sift_down(heap, k, 0);
    }
}

int arb_hit_compare(const void *left, const void *right)
{
    const arb_hit *a = left;
    const arb_hit *b = right;
    return is_nearer(*a, *b) ? -1 : is_nearer(*b, *a);
}

void arb_exact_scan(const arb_scorer *scorer, const arb_graph *graph, const void *query,
                    uint32_t first, uint32_t end, int skip_linked, arb_deleted_bits deleted,
                    uint32_t k, arb_hit *hits, uint32_t *count, arb_search_stats *stats)
{
    /* Native FP16 sums would do for a first look, but a scan reads rows in order and is bound by
     * memory anyway. Those that get among the k nearest are scored by the kernel that a search of
     * the graph reports too, so that the two give the same row the same distance to the last bit.
     */
    arb_query exact = arb_query_of(scorer, query, 0);
    uint32_t nodes[SCAN_BATCH];
    float distances[SCAN_BATCH];
    uint32_t node = first;
    for (uint32_t at = *count; at-- > 0;)
        sift_down(hits, *count, at);
    while (node < end) {
        uint32_t batch = 0;
        for (; node < end && batch < SCAN_BATCH; node++) {
            if (!arb_is_deleted(deleted, node) &&
                !(skip_linked && arb_graph_is_linked(graph, node)))
                nodes[batch++] = node;
        }
        arb_score(&exact, nodes, batch, distances);
        if (stats != NULL)
            stats->tail_scanned += batch;
        for (uint32_t i = 0; i < batch; i++) {
            arb_hit hit = {distances[i], nodes[i]};
            if (*count < k || is_nearer(hit, hits[0])) {
                hit.distance = arb_exact_distance(scorer, query, hit.node);
                offer(hits, count, k, hit);
            }
        }
    }
    qsort(hits, *count, sizeof *hits, arb_hit_compare);
}
