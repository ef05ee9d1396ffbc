#include "graph/recall_sample.h"

#include <stdlib.h>
#include <string.h>

#include "graph/candidates.h"
#include "vectors/error.h"

/* Rows that stay in the second-level cache while all queries of a batch are held against them. */
#define BLOCK_ROWS 256u
/* So many of the nearest by codes are held against the query by their rows. */
#define NEAREST 160u

/* The rows that are drawn from: the latest, this part of all, but so many if they are no more than
 * a quarter. */
#define LATEST_PART 16u
#define LATEST_MIN 4096u

/* A level-0 node, so that no walk comes by it on its way down. */
static int serves(const arb_graph *graph, uint32_t node, const arb_mask *mask)
{
    uint64_t entry = atomic_load_explicit(&graph->entry, memory_order_acquire);
    return arb_graph_is_linked(graph, node) && arb_level_of(graph, node) == 0 &&
           !arb_is_masked(mask, node) && node != arb_entry_node(entry);
}

uint32_t arb_recall_draw(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                         uint32_t *nodes)
{
    uint32_t latest = rows / LATEST_PART > LATEST_MIN ? rows / LATEST_PART
                      : rows / 4 < LATEST_MIN         ? rows / 4
                                                      : LATEST_MIN;
    uint32_t step = (latest + ARB_RECALL_SAMPLE_MAX - 1) / ARB_RECALL_SAMPLE_MAX;
    uint32_t count = 0;
    /* one in each step, the first that serves */
    for (uint32_t from = rows - latest; from < rows; from += step) {
        uint32_t end = rows - from < step ? rows : from + step;
        uint32_t node = from;
        while (node < end && !serves(graph, node, mask))
            node++;
        if (node < end && count < ARB_RECALL_SAMPLE_MAX)
            nodes[count++] = node;
    }
    return count;
}

typedef struct nearest {
    uint64_t sorted[NEAREST + 1];
    uint32_t count;
} nearest;

static void offer(nearest *near, uint64_t candidate)
{
    if (near->count == NEAREST && candidate > near->sorted[NEAREST - 1])
        return;
    arb_candidates_insert(near->sorted, near->count, candidate);
    near->count += near->count < NEAREST;
}

static uint32_t block_nodes(const arb_graph *graph, uint32_t first, uint32_t rows,
                            const arb_mask *mask, uint32_t *nodes)
{
    uint32_t count = 0;
    for (uint32_t node = first; node < rows && node - first < BLOCK_ROWS; node++) {
        if (arb_graph_is_linked(graph, node) && !arb_is_masked(mask, node))
            nodes[count++] = node;
    }
    return count;
}

static void scan_block(const arb_query *prepared, const arb_recall_query *queries, nearest *near,
                       uint32_t count, const uint32_t *nodes, uint32_t node_count)
{
    float distances[BLOCK_ROWS];
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0)
            arb_score(&prepared[i], nodes, node_count, distances);
        else
            arb_score_fetched(&prepared[i], nodes, node_count, distances);
        for (uint32_t j = 0; j < node_count; j++) {
            if (nodes[j] != queries[i].node)
                offer(&near[i], arb_candidate(distances[j], nodes[j]));
        }
    }
}

static void keep_truth(const arb_scorer *scorer, const nearest *near, const void *row,
                       arb_recall_query *query)
{
    arb_hit hits[NEAREST];
    for (uint32_t i = 0; i < near->count; i++) {
        uint32_t node = arb_candidate_node(near->sorted[i]);
        hits[i] = (arb_hit){arb_exact_distance(scorer, row, node), node};
    }
    qsort(hits, near->count, sizeof *hits, arb_hit_compare);
    query->count = near->count < ARB_RECALL_K_MAX ? near->count : ARB_RECALL_K_MAX;
    for (uint32_t i = 0; i < query->count; i++)
        query->truth[i] = hits[i].node;
}

arb_status arb_recall_scan(const arb_graph *graph, arb_searcher *const *searchers, uint32_t rows,
                           const arb_mask *mask, arb_recall_query *queries, uint32_t count,
                           int *same)
{
    const arb_scorer *scorer = graph->scorer;
    arb_query prepared[ARB_RECALL_BATCH];
    uint32_t nodes[BLOCK_ROWS];
    nearest *near = calloc(count, sizeof *near);
    if (near == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for %u answers", count);
    /* In an epoch a block, so that codes that are replaced need not wait for a scan of all rows.
     * Such codes are looked at no more: the queries were prepared for them. */
    const arb_codes *codes = NULL;
    *same = 1;
    for (uint32_t first = 0; *same && first < rows; first += BLOCK_ROWS) {
        arb_epoch_enter(graph, searchers[0]);
        const arb_codes *now = atomic_load_explicit(&scorer->codes, memory_order_acquire);
        for (uint32_t i = 0; first == 0 && i < count; i++)
            prepared[i] = arb_written_traversal_query(scorer, searchers[i],
                                                      arb_row(scorer->rows, queries[i].node), 1);
        codes = first == 0 ? now : codes;
        *same = now == codes;
        if (*same)
            scan_block(prepared, queries, near, count, nodes,
                       block_nodes(graph, first, rows, mask, nodes));
        arb_epoch_leave(searchers[0]);
    }
    for (uint32_t i = 0; i < count; i++)
        keep_truth(scorer, &near[i], arb_row(scorer->rows, queries[i].node), &queries[i]);
    free(near);
    return ARB_OK;
}
