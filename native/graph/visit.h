/* visit.h: one expansion, shared by the searches: the neighbors of a node that were not seen yet.
 */
#ifndef ARB_GRAPH_VISIT_H
#define ARB_GRAPH_VISIT_H

#include "graph/graph_internal.h"

/* Marks the node; 1 if it was not marked. A node that came after the searcher looked at the graph's
 * size counts as seen: it was not linked when the search began. Room for it is there. */
static inline int arb_visit(arb_searcher *searcher, uint32_t node)
{
    if (node >= searcher->visited_nodes)
        return 0;
    uint64_t word = searcher->visited[node / 64];
    uint64_t bit = 1ull << (node % 64);
    if (word & bit)
        return 0;
    searcher->visits[searcher->visit_count++] = node;
    searcher->visited[node / 64] = word | bit;
    return 1;
}

/* Room for `count` more visits. */
static inline arb_status arb_visit_reserve(arb_searcher *searcher, uint32_t count)
{
    arb_status status = ARB_OK;
    while (status == ARB_OK && searcher->visit_capacity - searcher->visit_count < count)
        status = arb_visits_grow(searcher);
    return status;
}

/* Asks for a word's list. It begins anywhere in a line, so that its end may be a line further than
 * its length tells. */
static inline void arb_prefetch_list(uint64_t word)
{
    uintptr_t list = (uintptr_t)arb_word_list(word);
    uintptr_t end = list + arb_word_length(word) * sizeof(uint32_t);
    for (uintptr_t line = list & -(uintptr_t)64; line < end; line += 64)
        __builtin_prefetch((const void *)line);
}

/* Visits the unseen neighbors of a word's list, for which room is there, and returns how many: the
 * last of searcher->visits. About half are unseen, in no order that a branch predictor would find:
 * so what depends on it is written always and counted sometimes. */
static inline uint32_t arb_collect_fresh(arb_searcher *searcher, uint64_t word)
{
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    uint32_t nodes = searcher->visited_nodes;
    uint64_t *restrict visited = searcher->visited;
    uint32_t *restrict fresh = searcher->visits + searcher->visit_count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t neighbor = list[i] & ARB_NODE_MASK;
        if (neighbor >= nodes)
            continue;
        uint64_t seen = visited[neighbor / 64];
        uint64_t marked = seen | 1ull << (neighbor % 64);
        visited[neighbor / 64] = marked;
        fresh[count] = neighbor;
        count += marked != seen;
    }
    searcher->visit_count += count;
    return count;
}

#endif
