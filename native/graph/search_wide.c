/* search_wide.c: the search of the paper with two heaps, for large breadths and for queries whose
 * neighborhood is masked: its cost a candidate is logarithmic. Only live nodes count as results,
 * so it goes on until there are ef of them or nothing is left. */
#include <string.h>

#include "graph/candidates.h"
#include "graph/score.h"
#include "graph/visit.h"

/* Both heaps are min-heaps of keys: the frontier's key is the candidate, the results' its
 * complement, which puts the farthest on top. */
static void heap_push(uint64_t *heap, size_t count, uint64_t key)
{
    size_t at = count;
    while (at > 0 && heap[(at - 1) / 2] > key) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = key;
}

static uint64_t heap_pop(uint64_t *heap, size_t count)
{
    uint64_t top = heap[0];
    uint64_t last = heap[count - 1];
    size_t end = count - 1;
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= end)
            break;
        if (child + 1 < end && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

typedef struct wide {
    arb_searcher *searcher;
    size_t frontier_count;
    size_t results_count;
    uint32_t ef;
    const arb_mask *mask;
} wide;

static arb_status offer(wide *search, uint64_t candidate)
{
    arb_searcher *searcher = search->searcher;
    if (search->results_count == search->ef && ~candidate <= searcher->results[0])
        return ARB_OK;
    arb_status status =
        arb_heaps_grow(searcher, search->frontier_count + 1, search->results_count + 2);
    if (status != ARB_OK)
        return status;
    heap_push(searcher->frontier, search->frontier_count++, candidate);
    if (arb_is_masked(search->mask, arb_candidate_node(candidate)))
        return ARB_OK;
    heap_push(searcher->results, search->results_count++, ~candidate);
    if (search->results_count > search->ef)
        heap_pop(searcher->results, search->results_count--);
    return ARB_OK;
}

arb_status arb_search_wide(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                           uint64_t start, uint32_t ef, const arb_mask *mask)
{
    wide search = {.searcher = searcher, .ef = ef, .mask = mask};
    arb_status status = arb_visit_reserve(searcher, 1);
    if (status == ARB_OK) {
        arb_visit(searcher, arb_candidate_node(start));
        status = offer(&search, start & ~ARB_CANDIDATE_FLAG);
    }
    while (status == ARB_OK && search.frontier_count > 0) {
        uint64_t nearest = heap_pop(searcher->frontier, search.frontier_count--);
        if (search.results_count == ef && ~nearest < searcher->results[0])
            break;
        status = arb_visit_reserve(searcher, graph->M0);
        if (status != ARB_OK)
            break;
        uint64_t word = atomic_load_explicit(arb_word_at(graph, arb_candidate_node(nearest), 0),
                                             memory_order_acquire);
        uint32_t count = arb_collect_fresh(searcher, word);
        const uint32_t *fresh = searcher->visits + searcher->visit_count - count;
        arb_score(query, fresh, count, searcher->distances);
        searcher->stats.visited += count;
        searcher->stats.hops++;
        for (uint32_t i = 0; status == ARB_OK && i < count; i++)
            status = offer(&search, arb_candidate(searcher->distances[i], fresh[i]));
    }
    arb_visited_clear(searcher);
    if (status != ARB_OK)
        return status;
    status = arb_searcher_prepare(graph, searcher, ef);
    if (status != ARB_OK)
        return status;
    searcher->found_count = (uint32_t)search.results_count;
    while (search.results_count > 0) {
        uint64_t farthest = ~heap_pop(searcher->results, search.results_count);
        searcher->found[--search.results_count] = farthest;
    }
    return ARB_OK;
}
