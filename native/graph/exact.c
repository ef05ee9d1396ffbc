/* exact.c: exact search by scanning rows, for small sets, for exact requests and for rows that the
 * graph does not have yet. */
#include "graph/exact.h"

#include <stdlib.h>

#include "graph/score.h"
#include "graph/visit.h"

static void sift_down(arb_hit *heap, uint32_t count, uint32_t at)
{
    arb_hit hit = heap[at];
    for (;;) {
        uint64_t child = 2 * (uint64_t)at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && arb_is_nearer(heap[child], heap[child + 1]))
            child++;
        if (!arb_is_nearer(hit, heap[child]))
            break;
        heap[at] = heap[child];
        at = (uint32_t)child;
    }
    heap[at] = hit;
}

static void sift_up(arb_hit *heap, uint32_t at)
{
    arb_hit hit = heap[at];
    while (at > 0 && arb_is_nearer(heap[(at - 1) / 2], hit)) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = hit;
}

void arb_hits_heapify(arb_hit *hits, uint32_t count)
{
    for (uint32_t at = count; at-- > 0;)
        sift_down(hits, count, at);
}

void arb_hits_offer(arb_hit *heap, uint32_t *count, uint32_t k, arb_hit hit)
{
    if (hit.distance != hit.distance)
        hit.distance = INFINITY;
    if (*count < k) {
        heap[*count] = hit;
        sift_up(heap, (*count)++);
    } else if (arb_is_nearer(hit, heap[0])) {
        heap[0] = hit;
        sift_down(heap, k, 0);
    }
}

int arb_hit_compare(const void *left, const void *right)
{
    const arb_hit *a = left;
    const arb_hit *b = right;
    return arb_is_nearer(*a, *b) ? -1 : arb_is_nearer(*b, *a);
}

/* The bits of nodes 64 * word .. 64 * word + 63. What costs least to know is looked at first: most
 * words of a filter that lets few rows through are empty. */
static uint64_t bits_of_word(const arb_unscanned *of, uint64_t word)
{
    uint64_t bits = ~0ull;
    if (word == of->first / 64)
        bits <<= of->first % 64;
    if (word == of->end / 64)
        bits &= ~(~0ull << (of->end % 64));
    if (of->mask == NULL)
        return of->skip_linked ? bits & ~arb_graph_linked_word(of->graph, (uint32_t)word) : bits;
    if (of->mask->matches != NULL)
        bits &= word * 64 < of->mask->end ? of->mask->matches[word] : 0;
    if (bits != 0 && of->mask->deleted != NULL)
        bits &= ~atomic_load_explicit(&of->mask->deleted[word], memory_order_acquire);
    if (bits != 0 && of->skip_linked)
        bits &= ~arb_graph_linked_word(of->graph, (uint32_t)word);
    return bits;
}

/* first + the numbers of the bits that are set, four at a time: how many there are in a word no
 * branch predictor would find. Up to three more are written. */
static uint32_t list_bits(uint64_t bits, uint32_t first, uint32_t *nodes)
{
    uint32_t count = 0;
    while (bits != 0) {
        for (int i = 0; i < 4; i++) {
            nodes[count] = first + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
            count += bits != 0;
            bits &= bits - 1;
        }
    }
    return count;
}

uint32_t arb_next_unscanned(arb_unscanned *of, uint32_t batch, uint32_t *nodes)
{
    uint32_t count = 0;
    uint64_t words = ((uint64_t)of->end + 63) / 64;
    for (; of->word < words && count < batch; of->word++)
        count += list_bits(bits_of_word(of, of->word), (uint32_t)(of->word * 64), nodes + count);
    return count;
}

void arb_exact_scan(const arb_scorer *scorer, const arb_graph *graph, const void *query,
                    uint32_t first, uint32_t end, int skip_linked, const arb_mask *mask, uint32_t k,
                    arb_hit *hits, uint32_t *count, arb_search_stats *stats)
{
    /* Native FP16 sums would do for a first look, but a scan is bound by memory anyway. Those that
     * get among the k nearest are scored by the kernel that a search of the graph reports too, so
     * that the two give the same row the same distance to the last bit. */
    arb_query exact = arb_query_of(scorer, query, 0);
    arb_unscanned rows = {graph, mask, first, end, skip_linked, first / 64};
    uint32_t nodes[ARB_SCAN_BATCH_MAX];
    float distances[ARB_SCAN_BATCH_MAX];
    arb_hits_heapify(hits, *count);
    uint32_t batch;
    while ((batch = arb_next_unscanned(&rows, ARB_SCAN_BATCH, nodes)) > 0) {
        arb_score(&exact, nodes, batch, distances);
        if (stats != NULL)
            stats->tail_scanned += batch;
        for (uint32_t i = 0; i < batch; i++) {
            arb_hit hit = {distances[i], nodes[i]};
            if (*count < k || arb_is_nearer(hit, hits[0])) {
                hit.distance = arb_exact_distance(scorer, query, hit.node);
                arb_hits_offer(hits, count, k, hit);
            }
        }
    }
    qsort(hits, *count, sizeof *hits, arb_hit_compare);
}
