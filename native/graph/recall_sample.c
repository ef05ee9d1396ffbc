#include "graph/recall_sample.h"

#include <stdlib.h>

#include "graph/exact_batch.h"
#include "graph/graph_internal.h"
#include "vectors/error.h"

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

/* One more than k is scanned for: the row itself is among the nearest, unless others are the same.
 */
static void keep_truth(arb_recall_query *query, const arb_exact_query *scanned)
{
    query->count = 0;
    for (uint32_t i = 0; i < scanned->count && query->count < query->k; i++) {
        if (scanned->hits[i].node != query->node)
            query->truth[query->count++] = scanned->hits[i].node;
    }
}

static arb_status scan_tile(const arb_graph *graph, const arb_mask *mask,
                            arb_recall_query *const *queries, uint32_t count, arb_hit *hits)
{
    arb_exact_query *tile = malloc(count * sizeof *tile);
    if (tile == NULL)
        return arb_fail(ARB_RESOURCE_EXHAUSTED, "recall: no memory for %u queries", count);
    uint32_t k = queries[0]->k + 1;
    for (uint32_t i = 0; i < count; i++)
        tile[i] = (arb_exact_query){.row = arb_row(graph->scorer->rows, queries[i]->node),
                                    .hits = hits + (size_t)i * k};
    arb_status status =
        arb_exact_scan_batch(graph->scorer, graph, tile, count, 0, mask->end, mask, k, NULL);
    for (uint32_t i = 0; status == ARB_OK && i < count; i++)
        keep_truth(queries[i], &tile[i]);
    free(tile);
    return status;
}

arb_status arb_recall_scan(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                           arb_recall_query *const *queries, uint32_t count)
{
    if (count == 0)
        return ARB_OK;
    uint32_t words = (rows + 63) / 64;
    uint32_t k = queries[0]->k + 1;
    uint32_t most = arb_exact_batch_max(graph->scorer, k);
    most = most < count ? most : count;
    uint64_t *linked = malloc(words * sizeof *linked);
    arb_hit *hits = malloc((size_t)most * k * sizeof *hits);
    arb_status status = linked != NULL && hits != NULL
                            ? ARB_OK
                            : arb_fail(ARB_RESOURCE_EXHAUSTED,
                                       "recall: no memory for %u answers of %u rows", most, rows);
    for (uint32_t word = 0; status == ARB_OK && word < words; word++)
        linked[word] = arb_graph_linked_word(graph, word);
    arb_mask live = {.deleted = mask == NULL ? NULL : mask->deleted,
                     .matches = linked,
                     .end = rows,
                     .count = rows};
    for (uint32_t first = 0; status == ARB_OK && first < count; first += most) {
        uint32_t left = count - first;
        status = scan_tile(graph, &live, queries + first, left < most ? left : most, hits);
    }
    free(hits);
    free(linked);
    return status;
}
