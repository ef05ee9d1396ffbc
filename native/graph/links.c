/* links.c: changing a neighbor list: build the new one beside the old, publish it by
 * compare-and-swap of the node's word, and on failure look at the list that won and build again.
 *
 * The tree. Pruning by the heuristic may take a node's last in-link, and then no search finds it.
 * So every node but the first has one link to its parent and one back, carrying ARB_TREE_MARK in
 * both lists, and a marked link is never pruned. The parent is the nearest node found that has
 * fewer than graph->tree_limit of them. At every moment the marked links are a tree over all linked
 * nodes, walkable both ways: every node is reachable on level 0 from any other, with no repair
 * pass. A node has two marked links on average, most of which the heuristic would have kept. */
#include <string.h>

#include "graph/candidates.h"
#include "graph/links.h"
#include "graph/score.h"

/* A walk away from a node crosses full nodes only; in a sound tree the first step or two end it. */
#define TREE_WALK_MAX 65536u

void arb_list_publish(arb_graph *graph, arb_searcher *searcher, uint32_t node, uint32_t level,
                      const uint32_t *neighbors, uint32_t count)
{
    arb_word *word = arb_word_at(graph, node, level);
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    uint32_t *slot = (uint32_t *)(uintptr_t)arb_word_list(old);
    if (old == 0) {
        slot = arb_slot_take(searcher);
        atomic_fetch_add_explicit(&graph->overlay_lists, 1, memory_order_relaxed);
    }
    memcpy(slot, neighbors, count * sizeof *slot);
    memset(slot + count, 0xff, (graph->M0 - count) * sizeof *slot);
    atomic_store_explicit(word, arb_word_pack(slot, count, ARB_WORD_OVERLAY), memory_order_release);
}

void arb_list_withdraw(arb_graph *graph, arb_searcher *searcher, uint32_t node, uint32_t level)
{
    uint64_t old =
        atomic_exchange_explicit(arb_word_at(graph, node, level), 0, memory_order_relaxed);
    arb_slot_give_back(searcher, (uint32_t *)(uintptr_t)arb_word_list(old));
    atomic_fetch_sub_explicit(&graph->overlay_lists, 1, memory_order_relaxed);
}

static uint32_t tree_links(const uint32_t *list, uint32_t length)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++)
        count += list[i] >> 31;
    return count;
}

/* The list of `from` with `to` added, pruned to `capacity` by the heuristic; returns its length. */
static uint32_t prune(const arb_graph *graph, arb_searcher *searcher, uint32_t from,
                      const uint32_t *list, uint32_t length, uint32_t to, uint32_t capacity,
                      uint32_t *pruned)
{
    for (uint32_t i = 0; i < length; i++)
        searcher->fresh[i] = list[i] & ARB_NODE_MASK;
    searcher->fresh[length] = to & ARB_NODE_MASK;
    arb_query query = arb_query_of(graph->scorer, arb_row(graph->scorer->rows, from), 1);
    arb_score(&query, searcher->fresh, length + 1, searcher->distances);
    for (uint32_t i = 0; i <= length; i++) {
        uint32_t mark = (i < length ? list[i] : to) >> 31;
        uint64_t candidate = arb_candidate(searcher->distances[i], searcher->fresh[i]) | mark;
        arb_candidates_insert(searcher->pruning, i, candidate);
    }
    return arb_select_neighbors(graph, searcher, searcher->pruning, length + 1, capacity, pruned);
}

static int contains(const uint32_t *list, uint32_t length, uint32_t neighbor)
{
    for (uint32_t i = 0; i < length; i++) {
        if (list[i] == neighbor)
            return 1;
    }
    return 0;
}

int arb_list_add(arb_graph *graph, arb_searcher *searcher, uint32_t from, uint32_t level,
                 uint32_t to)
{
    arb_word *word = arb_word_at(graph, from, level);
    uint32_t capacity = arb_level_capacity(graph, level);
    uint32_t *slot = arb_slot_take(searcher);
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    for (;;) {
        const uint32_t *list = arb_word_list(seen);
        uint32_t length = arb_word_length(seen);
        if ((to & ARB_TREE_MARK) && tree_links(list, length) >= arb_mark_limit(graph, level))
            break;
        if ((to & ARB_TREE_MARK) && level > 0 &&
            (contains(list, length, to) || contains(list, length, to & ARB_NODE_MASK)))
            break; /* another thread was here */
        uint32_t count = length + 1;
        if (length < capacity) {
            memcpy(slot, list, length * sizeof *slot);
            slot[length] = to;
        } else {
            count = prune(graph, searcher, from, list, length, to, capacity, slot);
            if (!contains(slot, count, to))
                break; /* the heuristic turned the new link away: the list stays as it is */
        }
        memset(slot + count, 0xff, (graph->M0 - count) * sizeof *slot);
        uint64_t next = arb_word_pack(slot, count, ARB_WORD_OVERLAY);
        if (!atomic_compare_exchange_strong_explicit(word, &seen, next, memory_order_acq_rel,
                                                     memory_order_acquire))
            continue;
        if (seen & ARB_WORD_OVERLAY)
            arb_slot_retire(graph, searcher, (uint32_t *)(uintptr_t)list);
        else
            atomic_fetch_add_explicit(&graph->overlay_lists, 1, memory_order_relaxed);
        return 1;
    }
    arb_slot_give_back(searcher, slot);
    return 0;
}

uint32_t arb_tree_leaf(const arb_graph *graph, uint32_t from)
{
    uint32_t came_from = ARB_NO_NEIGHBOR;
    uint32_t at = from;
    for (uint32_t step = 0; step < TREE_WALK_MAX; step++) {
        uint64_t word = atomic_load_explicit(arb_word_at(graph, at, 0), memory_order_acquire);
        const uint32_t *list = arb_word_list(word);
        uint32_t length = arb_word_length(word);
        if (tree_links(list, length) < graph->tree_limit)
            return at;
        uint32_t next = at;
        for (uint32_t i = 0; i < length && next == at; i++) {
            if ((list[i] & ARB_TREE_MARK) && (list[i] & ARB_NODE_MASK) != came_from)
                next = list[i] & ARB_NODE_MASK;
        }
        came_from = at;
        at = next;
    }
    return ARB_NO_NEIGHBOR;
}
