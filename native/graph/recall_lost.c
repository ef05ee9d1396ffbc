#include "graph/recall_lost.h"

#include <stdlib.h>

#include "graph/candidates.h"
#include "graph/score.h"
#include "graph/visit.h"
#include "vectors/error.h"

/* Nodes looked at between entering and leaving the epoch. */
#define LOOK_NODES 4096u

static uint64_t word_of(const arb_graph *graph, uint32_t node)
{
    return atomic_load_explicit(arb_word_at(graph, node, 0), memory_order_acquire);
}

/* Its place in the word's list; the length if it is not there. */
static uint32_t place_in(uint64_t word, uint32_t node)
{
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    uint32_t at = 0;
    while (at < length && (list[at] & ARB_NODE_MASK) != node)
        at++;
    return at;
}

static int contains(uint64_t word, uint32_t node)
{
    return place_in(word, node) < arb_word_length(word);
}

/* Whether the list was pruned since the row came to it: what is appended is newer. */
static int is_pruned_since(uint64_t word, uint32_t row)
{
    const uint32_t *list = arb_word_list(word);
    uint32_t length = arb_word_length(word);
    for (uint32_t i = place_in(word, row) + 1; i < length; i++) {
        if ((list[i] & ARB_NODE_MASK) < row)
            return 1;
    }
    return 0;
}

static uint64_t place_of(uint32_t node, uint32_t row)
{
    return (uint64_t)node << 32 | row;
}

static int compare_places(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The pruned lists are those of nodes that the rows linked to. */
static void find_places(const arb_graph *graph, arb_searcher *searcher,
                        const arb_recall_query *queries, uint32_t count, arb_lost_links *out)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = queries[i].node;
        arb_epoch_enter(graph, searcher);
        uint64_t word = word_of(graph, row);
        for (uint32_t j = 0; j < arb_word_length(word); j++) {
            uint32_t node = arb_word_list(word)[j] & ARB_NODE_MASK;
            if (node < row && is_pruned_since(word_of(graph, node), row))
                out->places[out->count++] = place_of(node, row);
        }
        arb_epoch_leave(searcher);
    }
    qsort(out->places, out->count, sizeof *out->places, compare_places);
}

/* The first place that is not before this one. */
static uint32_t lower_place(const arb_lost_links *lost, uint64_t place)
{
    uint32_t low = 0, high = lost->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lost->places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A link from `other` to the node of some places: it counts at those whose row is newer. */
static void note_link(const arb_graph *graph, arb_lost_links *out, uint32_t node, uint32_t other)
{
    uint32_t at = lower_place(out, place_of(node, other + 1));
    if (at == out->count || out->places[at] >> 32 != node || contains(word_of(graph, node), other))
        return;
    for (; at < out->count && out->places[at] >> 32 == node; at++)
        out->links[(size_t)at * graph->M0 + out->ends[at]++ % graph->M0] = other;
}

/* Nodes in rising order: a ring ends up with the latest. `marked` has a bit for the node of each
 * place. */
static void find_links(const arb_graph *graph, arb_searcher *searcher, uint32_t rows,
                       const uint64_t *marked, arb_lost_links *out)
{
    for (uint32_t first = 0; first < rows; first += LOOK_NODES) {
        uint32_t end = rows - first < LOOK_NODES ? rows : first + LOOK_NODES;
        arb_epoch_enter(graph, searcher);
        for (uint32_t other = first; other < end; other++) {
            if (!arb_graph_is_linked(graph, other))
                continue;
            uint64_t word = word_of(graph, other);
            for (uint32_t i = 0; i < arb_word_length(word); i++) {
                uint32_t node = arb_word_list(word)[i] & ARB_NODE_MASK;
                if (node < rows && marked[node / 64] >> (node % 64) & 1)
                    note_link(graph, out, node, other);
            }
        }
        arb_epoch_leave(searcher);
    }
}

arb_status arb_lost_links_find(const arb_graph *graph, arb_searcher *searcher, uint32_t rows,
                               const arb_recall_query *queries, uint32_t count, arb_lost_links *out)
{
    *out = (arb_lost_links){.places = malloc((size_t)count * graph->M0 * sizeof *out->places)};
    uint64_t *marked = calloc(rows / 64 + 1, sizeof *marked);
    if (out->places != NULL)
        find_places(graph, searcher, queries, count, out);
    out->links = malloc(((size_t)out->count + 1) * graph->M0 * sizeof *out->links);
    out->ends = calloc((size_t)out->count + 1, sizeof *out->ends);
    arb_status status = ARB_OK;
    if (out->places == NULL || out->links == NULL || out->ends == NULL || marked == NULL) {
        status = arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for lost links of %u", count);
    } else {
        for (uint32_t i = 0; i < out->count; i++) {
            uint32_t node = (uint32_t)(out->places[i] >> 32);
            marked[node / 64] |= 1ull << (node % 64);
        }
        find_links(graph, searcher, rows, marked, out);
    }
    free(marked);
    return status;
}

void arb_lost_links_release(arb_lost_links *lost)
{
    free(lost->places);
    free(lost->links);
    free(lost->ends);
}

/* The latest of what links to the list's node, as many as there is room for. */
static uint32_t visit_pruned(const arb_lost_links *lost, arb_searcher *searcher, uint32_t at,
                             uint32_t M0, uint32_t room)
{
    uint32_t held = lost->ends[at] < M0 ? lost->ends[at] : M0;
    uint32_t most = held < room ? held : room;
    uint32_t count = 0;
    for (uint32_t i = 1; i <= most; i++)
        count +=
            (uint32_t)arb_visit(searcher, lost->links[(size_t)at * M0 + (lost->ends[at] - i) % M0]);
    return count;
}

/* The list's own nodes stay, as links of the tree do; the row's neighbors are chosen among. */
static uint32_t visit_chosen(const arb_graph *graph, arb_searcher *searcher, uint32_t node,
                             uint64_t word, uint32_t row)
{
    uint64_t others = word_of(graph, row);
    uint32_t *nodes = searcher->fresh;
    uint32_t own = 0;
    for (uint32_t i = 0; i < arb_word_length(word); i++) {
        nodes[own] = arb_word_list(word)[i] & ARB_NODE_MASK;
        own += nodes[own] != row;
    }
    uint32_t count = own;
    for (uint32_t i = 0; i < arb_word_length(others); i++) {
        nodes[count] = arb_word_list(others)[i] & ARB_NODE_MASK;
        count += nodes[count] != node && !contains(word, nodes[count]);
    }
    arb_query query = arb_query_of(graph->scorer, arb_row(graph->scorer->rows, node), 1);
    arb_score(&query, nodes, count, searcher->distances);
    for (uint32_t i = 0; i < count; i++)
        arb_candidates_insert(searcher->pruning, i,
                              arb_candidate(searcher->distances[i], nodes[i]) | (i < own));
    uint32_t taken =
        arb_select_neighbors(graph, searcher, searcher->pruning, count, graph->M0, searcher->near);
    uint32_t visited = 0;
    for (uint32_t i = 0; i < taken; i++) {
        if (!(searcher->near[i] & ARB_TREE_MARK))
            visited += (uint32_t)arb_visit(searcher, searcher->near[i]);
    }
    return visited;
}

uint32_t arb_visit_lost(const arb_lost_links *lost, const arb_graph *graph, arb_searcher *searcher,
                        uint32_t node, uint64_t word, uint32_t row)
{
    if (!contains(word, row))
        return 0;
    if (node > row)
        return visit_chosen(graph, searcher, node, word, row);
    uint32_t at = lower_place(lost, place_of(node, row));
    if (at == lost->count || lost->places[at] != place_of(node, row))
        return 0;
    return visit_pruned(lost, searcher, at, graph->M0, graph->M0 + 1 - arb_word_length(word));
}
