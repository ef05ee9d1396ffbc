/* insert.c: linking one node.
 *
 * Lists are published from the bottom up: the node's own lists on every level first, then its tree
 * link, then the other links of level 0, then those above. So whoever comes upon the node, on any
 * level, finds all its lists on and below that level, and never a dead end. */
#include <math.h>
#include <string.h>

#include "graph/bridge.h"
#include "graph/candidates.h"
#include "graph/links.h"
#include "graph/score.h"
#include "graph/walk.h"
#include "vectors/error.h"

/* Breadth of the way down the levels above the node's. By the nearest alone, as searches go, a row
 * here and there comes to a cluster that is not its own, is linked to that one for good, and is
 * hardly found again. */
#define DESCENT_EF 8u

/* The node's level: floor(-ln(U) / ln(M)), U uniform, from seed and number alone, so that a rebuild
 * gives the same levels whatever the threads do. */
uint32_t arb_level_drawn(const arb_graph *graph, uint32_t node)
{
    /* splitmix64 of Steele, Lea and Flood. */
    uint64_t x = graph->seed + ((uint64_t)node + 1) * 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    x ^= x >> 31;
    double uniform = ((double)(x >> 11) + 1.0) * 0x1p-53; /* (0, 1] */
    double level = -log(uniform) * graph->level_scale;
    return level < ARB_LEVEL_LIMIT ? (uint32_t)level : ARB_LEVEL_LIMIT;
}

/* What one insert carries along. */
typedef struct insertion {
    arb_graph *graph;
    arb_searcher *searcher;
    arb_query query; /* as the traversal compares */
    arb_query exact; /* as neighbors are selected */
    uint32_t node;
    uint32_t level;
} insertion;

static uint32_t *selected_at(const insertion *in, uint32_t level)
{
    return in->searcher->selected + (size_t)level * in->graph->M0;
}

/* Puts the candidates found into searcher->results, which an insert has no other use for, by the
 * distance that neighbors are selected by: codes are good enough to find near rows, not to tell
 * which of two lies nearer to the other. */
static void rank(const insertion *in)
{
    arb_searcher *searcher = in->searcher;
    uint32_t count = searcher->found_count;
    if (in->query.rows == in->exact.rows) {
        for (uint32_t i = 0; i < count; i++)
            searcher->results[i] = searcher->found[i] & ~ARB_CANDIDATE_FLAG; /* no tree marks yet */
        return;
    }
    for (uint32_t done = 0; done < count;) {
        uint32_t batch = count - done < in->graph->M0 ? count - done : in->graph->M0;
        for (uint32_t i = 0; i < batch; i++)
            searcher->fresh[i] = arb_candidate_node(searcher->found[done + i]);
        arb_score(&in->exact, searcher->fresh, batch, searcher->distances);
        for (uint32_t i = 0; i < batch; i++, done++) {
            uint64_t candidate = arb_candidate(searcher->distances[i], searcher->fresh[i]);
            arb_candidates_insert(searcher->results, done, candidate);
        }
    }
}

static arb_walk walk_of(const insertion *in)
{
    return (arb_walk){.graph = in->graph, .searcher = in->searcher, .query = &in->query};
}

/* Leaves the nearest nodes above `level` in searcher->found. */
static arb_status descend(const insertion *in, uint64_t entry, uint32_t level)
{
    arb_walk walk = walk_of(in);
    arb_walk_from_entry(&walk, entry, ARB_LEVEL_LIMIT + 1, 1); /* the entry point alone */
    for (uint32_t at = arb_entry_level(entry); walk.status == ARB_OK && at > level; at--) {
        arb_walk_from_found(&walk, at, DESCENT_EF);
        arb_walk_run(&walk, 1);
    }
    return walk.status;
}

/* Searches `level` from the candidates in searcher->found and selects the node's neighbors there.
 */
static arb_status choose(const insertion *in, uint32_t level)
{
    arb_searcher *searcher = in->searcher;
    arb_walk walk = walk_of(in);
    arb_walk_from_found(&walk, level, in->graph->ef_construction);
    arb_walk_run(&walk, 1);
    if (walk.status != ARB_OK)
        return walk.status;
    rank(in);
    searcher->selected_count[level] =
        arb_select_neighbors(in->graph, searcher, searcher->results, searcher->found_count,
                             in->graph->M, selected_at(in, level));
    return ARB_OK;
}

static void publish_own(const insertion *in, uint32_t level)
{
    arb_list_publish(in->graph, in->searcher, in->node, level, selected_at(in, level),
                     in->searcher->selected_count[level]);
}

/* Makes `parent` the node's parent in the tree, or returns 0 if it has no room. The node's own list
 * is rewritten with the mark before the parent's link makes it visible. */
static int adopt(const insertion *in, uint32_t parent)
{
    uint32_t *own = selected_at(in, 0);
    uint32_t count = in->searcher->selected_count[0];
    uint32_t at = 0;
    while (at < count && own[at] != parent)
        at++;
    own[at] = parent | ARB_TREE_MARK;
    in->searcher->selected_count[0] = at < count ? count : count + 1;
    publish_own(in, 0);
    if (arb_list_add(in->graph, in->searcher, parent, 0, in->node | ARB_TREE_MARK))
        return 1;
    own[at] = parent;
    in->searcher->selected_count[0] = count;
    return 0;
}

static arb_status join_tree(const insertion *in)
{
    const arb_searcher *searcher = in->searcher;
    for (uint32_t i = 0; i < searcher->found_count; i++) {
        if (adopt(in, arb_candidate_node(searcher->results[i])))
            return ARB_OK;
    }
    /* Each round that fails means that another insert took the place first. */
    for (;;) {
        uint32_t leaf = arb_tree_leaf(in->graph, arb_candidate_node(searcher->results[0]));
        if (leaf == ARB_NO_NEIGHBOR)
            return arb_fail(ARB_CORRUPT, "node %u: the graph's tree links are no tree", in->node);
        if (adopt(in, leaf))
            return ARB_OK;
    }
}

static void link_back(const insertion *in, uint32_t level)
{
    const uint32_t *neighbors = selected_at(in, level);
    for (uint32_t i = 0; i < in->searcher->selected_count[level]; i++) {
        if (!(neighbors[i] & ARB_TREE_MARK)) /* the parent links back already */
            arb_list_add(in->graph, in->searcher, neighbors[i], level, in->node);
    }
}

/* The node is above the entry point: it becomes the entry point itself. If another insert raised it
 * first, the node is linked on the levels that came with that, and tries again. The node is linked
 * on level 0 already: want of memory here costs it its place on the top levels and no more. */
static void raise_entry(const insertion *in, uint64_t entry)
{
    uint64_t own = arb_entry_pack(in->node, in->level);
    uint32_t linked = arb_entry_level(entry);
    while (in->level > arb_entry_level(entry)) {
        if (atomic_compare_exchange_strong_explicit(&in->graph->entry, &entry, own,
                                                    memory_order_acq_rel, memory_order_acquire))
            return;
        uint32_t top = arb_entry_level(entry);
        if (top > in->level)
            top = in->level;
        for (uint32_t level = linked + 1; level <= top; level++) {
            if (descend(in, entry, level) != ARB_OK || choose(in, level) != ARB_OK)
                return;
            publish_own(in, level);
            link_back(in, level);
        }
        linked = top > linked ? top : linked;
    }
}

static arb_status link_below(const insertion *in, uint64_t entry)
{
    uint32_t top = arb_entry_level(entry);
    uint32_t highest = in->level < top ? in->level : top;
    arb_status status = descend(in, entry, highest);
    for (uint32_t level = highest + 1; status == ARB_OK && level-- > 0;)
        status = choose(in, level);
    if (status != ARB_OK)
        return status;
    for (uint32_t level = 1; level <= highest; level++)
        publish_own(in, level);
    status = join_tree(in);
    for (uint32_t level = 0; status == ARB_OK && level <= highest; level++)
        link_back(in, level);
    return status;
}

/* Undoes publish_own for a node that nobody has seen. */
static void withdraw(const insertion *in)
{
    for (uint32_t level = 0; level <= in->level; level++)
        arb_list_withdraw(in->graph, in->searcher, in->node, level);
}

static arb_status link_node(const insertion *in)
{
    arb_graph *graph = in->graph;
    for (uint32_t level = 0; level <= in->level; level++) {
        in->searcher->selected_count[level] = 0;
        publish_own(in, level);
    }
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    uint64_t own = arb_entry_pack(in->node, in->level);
    if (entry == 0 && atomic_compare_exchange_strong_explicit(
                          &graph->entry, &entry, own, memory_order_acq_rel, memory_order_acquire))
        return ARB_OK;
    arb_status status = link_below(in, entry);
    if (status != ARB_OK) {
        withdraw(in);
        return status;
    }
    raise_entry(in, entry);
    if (in->level > 0)
        arb_bridge_to(in->graph, in->searcher, &in->query, in->node);
    return ARB_OK;
}

static void raise_node_end(arb_graph *graph, uint32_t node)
{
    uint32_t end = atomic_load_explicit(&graph->node_end, memory_order_relaxed);
    while (end <= node &&
           !atomic_compare_exchange_weak_explicit(&graph->node_end, &end, node + 1,
                                                  memory_order_acq_rel, memory_order_relaxed))
        ;
}

/* Everything that can fail for want of memory, before anything is visible. */
static arb_status make_room(arb_graph *graph, arb_searcher *searcher, uint32_t node, uint32_t level)
{
    arb_status status = arb_graph_ensure_segment(graph, node);
    if (status != ARB_OK)
        return status;
    uint32_t at = node & ARB_SEGMENT_MASK;
    arb_segment *segment = arb_segment_of(graph, node);
    if (atomic_load_explicit(&segment->level0[at], memory_order_relaxed) != 0)
        return arb_fail(ARB_INVALID_ARGUMENT, "node %u: it is linked already", node);
    uint32_t widest = graph->ef_construction > DESCENT_EF ? graph->ef_construction : DESCENT_EF;
    status = arb_searcher_prepare(graph, searcher, widest + graph->M0);
    if (status == ARB_OK)
        status = arb_heaps_grow(searcher, 0, graph->ef_construction + (size_t)graph->M0);
    if (status == ARB_OK)
        status = arb_slots_reserve(graph, searcher, (level + 1) * ((size_t)graph->M0 + 1) + 2);
    if (status != ARB_OK)
        return status;
    if (level > 0 && segment->upper[at] == NULL) {
        segment->upper[at] = arb_graph_upper_words(graph, level);
        if (segment->upper[at] == NULL)
            return arb_fail(ARB_RESOURCE_EXHAUSTED, "no memory for the upper levels of node %u",
                            node);
    }
    segment->level[at] = (uint8_t)level;
    return ARB_OK;
}

arb_status arb_graph_insert(arb_graph *graph, arb_searcher *searcher, uint32_t node)
{
    if (node >= ARB_NODES_MAX)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "node: found %u, allowed up to %u", node,
                        ARB_NODES_MAX - 1);
    uint32_t level = arb_level_drawn(graph, node);
    arb_status status = make_room(graph, searcher, node, level);
    if (status != ARB_OK)
        return status;
    const void *row = arb_row(graph->scorer->rows, node);
    arb_epoch_enter(graph, searcher);
    insertion in = {.graph = graph,
                    .searcher = searcher,
                    .query = arb_traversal_query(graph->scorer, searcher, row, 1),
                    .exact = arb_query_of(graph->scorer, row, 1),
                    .node = node,
                    .level = level};
    status = link_node(&in);
    arb_epoch_leave(searcher);
    if (status == ARB_OK) {
        raise_node_end(graph, node);
        arb_graph_set_linked(graph, node);
    }
    arb_epoch_try_advance(graph);
    arb_slots_collect(graph, searcher);
    if (status == ARB_OK && level > 0)
        arb_bridge_some(graph, searcher);
    return status;
}
