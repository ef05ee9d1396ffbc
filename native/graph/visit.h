/* visit.h: one expansion, shared by the searches: the neighbors of a node that were not seen yet.
 */
#ifndef ARB_GRAPH_VISIT_H
#define ARB_GRAPH_VISIT_H

#include "graph/graph_internal.h"

/* Marks the node; 1 if it was not marked. A node that came after the searcher looked at the graph's
 * size counts as seen: it was not linked when the search began. Room in `touched` is there. */
static inline int arb_visit(arb_searcher *searcher, uint32_t node)
{
    if (node >= searcher->visited_nodes)
        return 0;
    uint64_t word = searcher->visited[node / 64];
    uint64_t bit = 1ull << (node % 64);
    if (word & bit)
        return 0;
    if (word == 0)
        searcher->touched[searcher->touched_count++] = node / 64;
    searcher->visited[node / 64] = word | bit;
    return 1;
}

/* Room for `count` more arb_visit calls. */
static inline arb_status arb_visit_reserve(arb_searcher *searcher, uint32_t count)
{
    arb_status status = ARB_OK;
    while (status == ARB_OK && searcher->touched_capacity - searcher->touched_count < count)
        status = arb_touched_grow(searcher);
    return status;
}

/* Puts the unseen neighbors of `node` on `level` into searcher->fresh and returns how many.
 * arb_visit_reserve(M0) came before. */
static inline uint32_t arb_collect_fresh(const arb_graph *graph, arb_searcher *searcher,
                                         uint32_t node, uint32_t level)
{
    uint64_t word = atomic_load_explicit(arb_word_at(graph, node, level), memory_order_acquire);
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t neighbor = list[i] & ARB_NODE_MASK;
        searcher->fresh[count] = neighbor;
        count += (uint32_t)arb_visit(searcher, neighbor);
    }
    return count;
}

#endif
