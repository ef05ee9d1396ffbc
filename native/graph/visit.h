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

/* Room for `count` more visits, and a place to write the next one that does not count. */
static inline arb_status arb_visit_reserve(arb_searcher *searcher, uint32_t count)
{
    arb_status status = ARB_OK;
    while (status == ARB_OK && searcher->touched_capacity - searcher->touched_count <= count)
        status = arb_touched_grow(searcher);
    return status;
}

/* Puts the unseen neighbors of a word's list into searcher->fresh and returns how many. Room for
 * M0 more visits is there. About half are unseen, in no order that a branch predictor would find:
 * so what depends on it is written always and counted sometimes. */
static inline uint32_t arb_collect_fresh(arb_searcher *searcher, uint64_t word)
{
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    uint32_t nodes = searcher->visited_nodes;
    uint64_t *restrict visited = searcher->visited;
    uint32_t *restrict fresh = searcher->fresh;
    uint32_t *restrict touched = searcher->touched + searcher->touched_count;
    uint32_t count = 0;
    uint32_t words = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t neighbor = list[i] & ARB_NODE_MASK;
        if (neighbor >= nodes)
            continue;
        uint64_t seen = visited[neighbor / 64];
        uint64_t marked = seen | 1ull << (neighbor % 64);
        fresh[count] = neighbor;
        count += marked != seen;
        touched[words] = neighbor / 64;
        words += seen == 0;
        visited[neighbor / 64] = marked;
    }
    searcher->touched_count += words;
    return count;
}

#endif
