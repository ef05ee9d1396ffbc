/* recall_sample.h: rows that serve as queries, and their true neighbors; see recall.h. */
#ifndef ARB_GRAPH_RECALL_SAMPLE_H
#define ARB_GRAPH_RECALL_SAMPLE_H

#include "graph/recall.h"
#include "graph/score.h"

/* Queries that are scanned for at once: a block of rows is read for all of them. */
#define ARB_RECALL_BATCH 16u

typedef struct arb_recall_query {
    uint32_t node;
    uint32_t count; /* of truth */
    uint32_t truth[ARB_RECALL_K_MAX];
} arb_recall_query;

/* Draws nodes below `rows` into nodes, which has room for ARB_RECALL_SAMPLE_MAX; returns how many.
 */
uint32_t arb_recall_draw(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                         uint32_t *nodes);

/* Finds the true neighbors of `count` queries among the linked, live nodes below `rows` but
 * themselves, each with a searcher of its own. *same = 0 where the rows got other codes meanwhile:
 * then the truth is not to be used. */
arb_status arb_recall_scan(const arb_graph *graph, arb_searcher *const *searchers, uint32_t rows,
                           const arb_mask *mask, arb_recall_query *queries, uint32_t count,
                           int *same);

#endif
