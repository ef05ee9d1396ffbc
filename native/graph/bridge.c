#include "graph/bridge.h"

#include "graph/links.h"
#include "graph/walk.h"

/* So many nodes of upper levels are looked for again for each that comes. */
#define AGAIN 16u

/* Whether a candidate is no farther from a node, whose row the query is of, than the farthest of
 * the node's neighbors. */
static int is_near(const arb_graph *graph, arb_searcher *searcher, const arb_query *query,
                   uint32_t node, uint32_t level, uint64_t candidate)
{
    uint64_t word = atomic_load_explicit(arb_word_at(graph, node, level), memory_order_acquire);
    uint32_t length = arb_word_length(word);
    for (uint32_t i = 0; i < length; i++)
        searcher->fresh[i] = arb_word_list(word)[i] & ARB_NODE_MASK;
    arb_score(query, searcher->fresh, length, searcher->distances);
    for (uint32_t i = 0; i < length; i++) {
        if (searcher->distances[i] >= arb_candidate_distance(candidate))
            return 1;
    }
    return 0;
}

void arb_bridge_to(arb_graph *graph, arb_searcher *searcher, const arb_query *query, uint32_t node)
{
    uint32_t level = arb_level_of(graph, node);
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    if (arb_entry_level(entry) < level)
        return; /* no walk comes by its top level, since it failed to become the entry point */
    arb_walk walk = {.graph = graph, .searcher = searcher, .query = query};
    arb_walk_from_entry(&walk, entry, level, 1);
    arb_walk_run(&walk, 1);
    if (walk.status != ARB_OK)
        return;
    uint64_t end = searcher->found[0];
    if (arb_candidate_node(end) != node && !is_near(graph, searcher, query, node, level, end))
        arb_list_add(graph, searcher, arb_candidate_node(end), level, node | ARB_TREE_MARK);
}

/* Nodes first..end-1. */
static arb_status bridge_range(arb_graph *graph, arb_searcher *searcher, uint32_t first,
                               uint32_t end)
{
    for (uint32_t node = first; node < end; node++) {
        if (!arb_graph_is_linked(graph, node) || arb_level_of(graph, node) == 0)
            continue;
        arb_status status = arb_searcher_prepare(graph, searcher, 1 + graph->M0);
        if (status == ARB_OK)
            status = arb_slots_reserve(graph, searcher, 1);
        if (status != ARB_OK)
            return status;
        arb_epoch_enter(graph, searcher);
        const void *row = arb_row(graph->scorer->rows, node);
        arb_query query = arb_traversal_query(graph->scorer, searcher, row, 1);
        arb_bridge_to(graph, searcher, &query, node);
        arb_epoch_leave(searcher);
        arb_epoch_try_advance(graph);
        arb_slots_collect(graph, searcher);
    }
    return ARB_OK;
}

void arb_bridge_some(arb_graph *graph, arb_searcher *searcher)
{
    uint32_t nodes = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    uint32_t wanted = AGAIN * graph->M;
    uint64_t turn = atomic_fetch_add_explicit(&graph->bridge_turn, 1, memory_order_relaxed);
    uint32_t turns = nodes / wanted + 1;
    uint32_t first = (uint32_t)(turn % turns) * wanted;
    uint32_t left = nodes - first;
    bridge_range(graph, searcher, first, first + (left < wanted ? left : wanted));
}

arb_status arb_bridge_all(arb_graph *graph, arb_searcher *searcher)
{
    uint32_t nodes = atomic_load_explicit(&graph->node_end, memory_order_acquire);
    return bridge_range(graph, searcher, 0, nodes);
}
