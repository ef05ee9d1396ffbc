/* recall_sample.h: rows that serve as queries, and their true neighbors; see recall.h. */
#ifndef ARB_GRAPH_RECALL_SAMPLE_H
#define ARB_GRAPH_RECALL_SAMPLE_H

#include "graph/recall.h"

typedef struct arb_recall_query {
    uint32_t node;
    uint32_t k;     /* of arb_recall_ks: so many neighbors are asked for */
    uint32_t count; /* of truth, which is not known if 0 */
    uint32_t truth[ARB_RECALL_K_MAX];
} arb_recall_query;

/* Draws nodes below `rows` into nodes, which has room for ARB_RECALL_SAMPLE_MAX; returns how many.
 */
uint32_t arb_recall_draw(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                         uint32_t *nodes);

/* Finds the k nearest of `count` queries, of which all have the same k, among the linked, live
 * nodes below `rows` but themselves. mask has no filter, or is NULL. */
arb_status arb_recall_scan(const arb_graph *graph, uint32_t rows, const arb_mask *mask,
                           arb_recall_query *const *queries, uint32_t count);

#endif
